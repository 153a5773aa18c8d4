import type { Command } from '../command.ts'
import type { RunEvent, StepKept, StepUndone, UndoFailed } from '../events.ts'
import { equal, type Json } from '../json.ts'
import { evolve, type Moment } from '../machine.ts'
import type { UndoPorts } from '../ports.ts'
import { stepOf } from '../run.ts'
import { laterSteps, type LaterSteps } from './expected.ts'
import { undoOf } from '../step.ts'
import type { Subject } from './subject.ts'
import { undo, type AsIf } from './undo.ts'

/** What an undo would do with a step: the commands, or the outcome without any. */
export type UndoAhead =
  | { readonly step: string; readonly outcome: 'undo'; readonly commands: readonly Command[] }
  | { readonly step: string; readonly outcome: StepUndone['how'] | 'kept' | 'undo failed'; readonly reason?: string }

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
  const present = { ...now.run, steps: new Map(now.run.steps) }
  const later = laterSteps(present, ports.secrets, () => true)
  const left = laterSteps(present, ports.secrets, (step) => stepOf(now.run, step).open)
  const all: UndoAhead[] = []
  for (let [effect] = now.effects; effect; [effect] = now.effects) {
    const step = now.run.started.steps[effect.index]!.id
    const event = await undo(ports, now.run, step, asIfBack(later, left))
    const ahead = aheadOf(event)
    if (ahead) all.push(ahead)
    now = evolve(now, outcomeOf(event))
  }
  return all
}

/** Sees a step as it will be at its turn: without what the steps `later` than it did, but for those that are `left`. */
function asIfBack(later: LaterSteps, left: LaterSteps): AsIf {
  return (subject, now) => {
    const expected = later.expected(subject)
    if (expected === undefined) return { subject, now }
    const after = left.expected(subject)
    if (after !== undefined && isUndisturbed(subject, expected, now)) return { subject, now: after }
    return { subject: { ...subject, record: { ...subject.record, after: expected } }, now }
  }
}

/** Says whether nobody else did anything that an undo would have to do with. */
function isUndisturbed({ step, input, record, context }: Subject, expected: Json, now: Json): boolean {
  if (equal(expected, now)) return true
  const back = (from: Json): readonly Command[] => undoOf(step, input, record.before!, from, context)
  const identity = (state: Json): Json => step.identity?.(state) ?? null
  return (
    equal(identity(expected), identity(now)) &&
    step.drift?.(input, expected, now, context) === undefined &&
    JSON.stringify(back(expected)) === JSON.stringify(back(now))
  )
}

type Outcome = StepUndone | StepKept | UndoFailed

function aheadOf(event: RunEvent): UndoAhead | undefined {
  switch (event.type) {
    case 'UndoPlanned':
      return { step: event.step, outcome: 'undo', commands: event.undo }
    case 'StepUndone':
      return { step: event.step, outcome: event.how, ...(event.reason === undefined ? {} : { reason: event.reason }) }
    case 'StepKept':
      return { step: event.step, outcome: 'kept', reason: event.reason }
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
