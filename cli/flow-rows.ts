import type { StepSpec } from '../core/events.ts'
import { counted } from '../core/counted.ts'
import { row } from './rows.ts'
import { duration, type Screen } from './terminal.ts'

/** Says when and how often a step is taken, where the workflow says more than that it is. */
export function flowRows(screen: Screen, spec: StepSpec): readonly string[] {
  const { needs = [], if: condition = true, retry, timeoutMs, onFailure, finally: isAtEnd = false } = spec
  const told: readonly (readonly [string, string | undefined])[] = [
    ['needs', needs.length === 0 ? undefined : needs.join(', ')],
    ['if', condition === true ? undefined : String(condition)],
    ['retry', retry && retryText(retry)],
    ['timeout', timeoutMs === undefined ? undefined : duration(timeoutMs)],
    ['on failure', onFailure && 'the run goes on without it'],
    ['finally', isAtEnd ? 'taken whatever becomes of the steps before it' : undefined],
  ]
  return told.flatMap(([label, text]) => (text === undefined ? [] : [row(screen, label, text)]))
}

function retryText({ times, delayMs, factor, on = [] }: NonNullable<StepSpec['retry']>): string {
  const longer = factor === 1 ? '' : `, each time ${factor} times longer`
  const only = on.length === 0 ? '' : `, on ${on.map((text) => JSON.stringify(text)).join(', ')}`
  return `up to ${counted(times, 'time')}, after ${duration(delayMs)}${longer}${only}`
}
