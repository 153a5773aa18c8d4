import type { Entry, RunEvent } from '../core/events.ts'
import { got } from '../core/problems.ts'

/**
 * Says why an event cannot stand where it does; undefined when it can. A journal begins with `RunStarted`, of the run that
 * its file is named after, and speaks of the steps listed there; `steps` gathers them.
 */
export function senseMistake({ seq, event }: Entry, steps: Set<string>, run: string): string | undefined {
  if (event.type === 'RunStarted') {
    for (const step of event.steps) steps.add(step.id)
    if (seq !== 1) return 'expected a run to start once, got RunStarted again'
    if (event.run !== run) return `expected the journal of run ${got(run)}, as its file is named, got ${got(event.run)}`
    return steps.size === event.steps.length ? undefined : 'expected each step once, got one twice'
  }
  if (seq === 1) return `expected a journal to begin with RunStarted, got ${event.type}`
  const stranger = stepsIn(event).find((step) => !steps.has(step))
  return stranger === undefined ? undefined : `expected a step of the run, got ${got(stranger)}`
}

/** Names the steps that an event speaks of. */
function stepsIn(event: RunEvent): readonly string[] {
  if ('step' in event) return [event.step]
  if (event.type === 'RepairStarted') return event.steps
  if (event.type === 'RunResumed') return event.outliving ?? []
  return event.type === 'UndoStarted' && event.until !== undefined ? [event.until] : []
}
