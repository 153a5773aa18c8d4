import type { RunEvent, StepApplied, StepSatisfied } from '../events.ts'
import type { Json } from '../json.ts'
import type { NetnsIds } from '../look.ts'
import { netnsIn } from '../resource.ts'
import { undoOf } from '../step.ts'
import { without } from './disturbance.ts'
import { notMadeBy } from './ownership.ts'
import type { RelatedSteps } from './related-steps.ts'
import { outputsIn, type Subject } from './subject.ts'

/** A step that is seen to hold. */
export interface Holding {
  readonly subject: Subject
  readonly state: Json
  /** The kernel refused one of its commands. */
  readonly refused: boolean
  /** Steps behind it that were applied too before it was looked at. */
  readonly later?: RelatedSteps
  /** The named netns that are there. */
  readonly netns: NetnsIds
}

/** The event of a step that is seen to hold: applied, unless somebody else was faster than its commands. */
export function outcomeOf(holding: Holding, durationMs: number): RunEvent {
  const { subject, state, later, refused } = holding
  const { left, just } = (later && without(subject, state, later)) ?? { left: state, just: state }
  const foreign = subject.record.open ? notMadeBy(subject, just, refused) : 'it was there before'
  return foreign === undefined ? applied(holding, left, durationMs) : satisfied(subject, state, durationMs)
}

function applied({ subject, netns: there }: Holding, after: Json, durationMs: number): StepApplied {
  const { record, step, input, context, resources, uses } = subject
  const names = [...uses, ...(resources.creates ?? []).flatMap(netnsIn)].filter((name) => name in there)
  const netns = Object.fromEntries(names.map((name) => [name, there[name]!]))
  const undo = undoOf(step, input, record.before!, after, context)
  const outputs = outputsIn(step, after, input)
  return { type: 'StepApplied', step: context.step, after, undo, netns, outputs, durationMs }
}

function satisfied({ step, input, context, resources }: Subject, state: Json, durationMs: number): StepSatisfied {
  const outputs = outputsIn(step, state, input)
  return {
    type: 'StepSatisfied',
    step: context.step,
    input: input as Json,
    after: state,
    resources,
    outputs,
    durationMs,
  }
}
