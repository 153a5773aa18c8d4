import { setTimeout } from 'node:timers/promises'
import type { Entry } from '../../core/events.ts'
import { replay } from '../../core/machine.ts'
import { printable } from '../../core/quote.ts'
import { storeFor } from '../session.ts'
import type { Terminal } from '../terminal.ts'

/** How often `-f` looks for new events, in milliseconds. */
const EVERY_MS = 200

/** `nsnet log RUN [-f]`: the events of a run as the journal holds them; `-f` follows until the run stands still. */
export async function log(terminal: Terminal, name: string, { follow }: { readonly follow: boolean }): Promise<number> {
  const store = await storeFor(terminal.options)
  const run = await store.find(name)
  for (let shown = 0; ;) {
    const { entries } = await store.read(run.id)
    for (const entry of entries.slice(shown))
      terminal.out(terminal.options.json ? JSON.stringify(entry) : lineOf(entry))
    shown = entries.length
    const { status } = replay(entries.map(({ event }) => event))
    const moving = status === 'running' || status === 'undoing'
    if (!follow || process.stdout.destroyed || !(moving && (await store.isBusy(run)))) return 0
    await setTimeout(EVERY_MS)
  }
}

function lineOf({ seq, at, event }: Entry): string {
  const { type, ...rest } = event
  const step = 'step' in rest ? rest.step : ''
  return `${String(seq).padStart(4)}  ${at}  ${type.padEnd(14)}  ${step}${noteOf(event)}`.trimEnd()
}

function noteOf(event: Entry['event']): string {
  switch (event.type) {
    case 'RunStarted':
      return `${event.run} of ${printable(event.workflow.name)}, ${event.steps.length} steps`
    case 'StepPlanned':
      return `: ${event.apply.length} to apply, ${event.undo.length} to undo`
    case 'UndoPlanned':
      return `: ${event.undo.length} to run`
    case 'StepFailed':
    case 'UndoFailed':
      return `: ${printable(event.failure.message)}`
    case 'StepUndone':
      return `: ${event.how}${event.reason ? `, ${printable(event.reason)}` : ''}`
    case 'RunInterrupted':
      return `by ${printable(event.signal)}`
    case 'RepairStarted':
      return `of ${event.steps.join(', ')}`
    case 'UndoStarted':
      return event.until === undefined ? '' : `back to ${event.until}, which stays`
    default:
      return ''
  }
}
