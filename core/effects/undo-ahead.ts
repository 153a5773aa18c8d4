import type { Command } from '../command.ts'
import type { RunEvent, StepKept, StepUndone, UndoFailed } from '../events.ts'
import { lookWith } from '../look.ts'
import { evolve, type Moment } from '../moment.ts'
import type { UndoPorts } from '../ports.ts'
import { stepOf } from '../run.ts'
import { togetherBack } from './together-back.ts'
import { subjectToUndo, undoStep, type AsIf } from './undo-step.ts'

/** What an undo would do with a step: the commands, or the outcome without any. */
export type UndoAhead =
  | { readonly step: string; readonly outcome: 'undo'; readonly commands: readonly Command[] }
  | { readonly step: string; readonly outcome: StepUndone['how'] | 'undo failed'; readonly reason?: string }
  | { readonly step: string; readonly outcome: 'kept'; readonly reason: string; readonly neededBy?: readonly string[] }

/**
 * Says what an undo would do, the last step first, each as if those behind it were taken back already. Changes nothing; the
 * moment must not be used again.
 */
export async function undoAhead(
  ports: UndoPorts,
  moment: Moment,
  until: string | undefined,
): Promise<readonly UndoAhead[]> {
  let now = evolve(moment, { type: 'UndoStarted', ...(until === undefined ? {} : { until }) })
  const { run } = now
  const together = togetherBack()
  // what nobody can tell is taken to be as the step left it
  const asIf: AsIf = (subject, seen) => together.asIfBack(subject, seen) ?? subject.record.after ?? seen
  const site = { ports, run, look: lookWith(ports.exec), asIf }
  const all: UndoAhead[] = []
  for (let [effect] = now.effects; effect; [effect] = now.effects) {
    const step = run.started.steps[effect.index]!.id
    const event = (await undoStep(site, step))!
    const ahead = aheadOf(event)
    if (ahead) all.push(ahead)
    if (event.type === 'UndoPlanned' && ports.stepOf(stepOf(run, step).spec.uses))
      together.add(await subjectToUndo(ports, run, step), effect.index)
    now = evolve(now, outcomeOf(event))
  }
  return all
}

type Outcome = StepUndone | StepKept | UndoFailed

function aheadOf(event: RunEvent): UndoAhead | undefined {
  switch (event.type) {
    case 'UndoPlanned':
      return { step: event.step, outcome: 'undo', commands: event.undo }
    case 'StepUndone':
      return { step: event.step, outcome: event.how, ...(event.reason === undefined ? {} : { reason: event.reason }) }
    case 'StepKept':
      return {
        step: event.step,
        outcome: 'kept',
        reason: event.reason,
        ...(event.neededBy?.length ? { neededBy: event.neededBy } : {}),
      }
    case 'UndoFailed':
      return { step: event.step, outcome: 'undo failed', reason: event.failure.message }
    default:
      return undefined
  }
}

const outcomeOf = (event: RunEvent): Outcome =>
  event.type === 'UndoPlanned'
    ? { type: 'StepUndone', step: event.step, how: 'undone', durationMs: 0 }
    : (event as Outcome)
