import { counted } from '../core/counted.ts'
import type { RunEvent } from '../core/events.ts'
import { summaryIn } from './render.ts'
import { duration } from './terminal.ts'

/** Names an event in words: `StepPlanned` is `step planned`. */
export const wordsOf = ({ type }: RunEvent): string => type.replace(/(?!^)[A-Z]/g, ' $&').toLowerCase()

/** Says what an event is about beside its step, in a few words; nothing where its name says all. */
export function noteOf(event: RunEvent): string {
  switch (event.type) {
    case 'RunStarted':
      return `${event.run} of ${event.workflow.name}, ${counted(event.steps.length, 'step')}`
    case 'StepPlanned':
      return `apply ${event.apply.length}, undo ${event.undo.length}`
    case 'StepApplied':
      return [duration(event.durationMs), summaryIn(event.outputs)].filter(Boolean).join(', ')
    case 'StepSatisfied':
      return summaryIn(event.outputs) ?? 'held already'
    case 'StepCalledOff':
      return 'none of its commands was begun'
    case 'UndoPlanned':
      return `${counted(event.undo.length, 'command')}`
    case 'StepRetried':
      return `try ${event.attempt} failed, the next in ${duration(event.delayMs)}: ${event.failure.message}`
    case 'StepFailed':
    case 'UndoFailed':
      return event.failure.message
    case 'StepUndone':
      return event.how + (event.reason ? `, ${event.reason}` : '')
    case 'StepSkipped':
    case 'StepKept':
      return event.reason
    case 'RunInterrupted':
      return `by ${event.signal}`
    case 'RunResumed':
      return event.facts ? 'after a reboot, from the beginning' : ''
    case 'RepairStarted':
      return `of ${event.steps.join(', ')}`
    case 'UndoStarted':
      return event.until === undefined ? '' : `back to ${event.until}, which stays`
  }
}
