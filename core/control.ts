import { between, from, has, including, last, none, union, upwards, without, type Ranges } from './ranges.ts'

/**
 * Steps are taken in the workflow's order: `cursor` counts those that are dealt with, running moves it up, undoing down.
 * `drifted` are steps below it that a repair applies again, from the beginning; `ahead` are those from it on that hold
 * already. `inFlight` are the steps whose intent is journaled and whose outcome is not; `batch` are those of them that were
 * planned together last, `again` those that were in flight before that. `left` are the steps that an undo takes back, from
 * its end. `stuck` are those that it could not, `kept` those that it left on purpose; a later undo takes both up again.
 * `halfBack` are those whose way back is journaled and its outcome is not. `until` is where it ends.
 *
 * Steps from `end` on are taken whatever became of the others: `failing` says that one has failed, so that only they are
 * left, and `ended` are those of them that were taken since somebody began or resumed the run.
 */
export interface Control {
  readonly steps: readonly string[]
  readonly indexOf: ReadonlyMap<string, number>
  readonly end: number
  readonly failing: boolean
  readonly ended: Ranges
  readonly cursor: number
  readonly drifted: Ranges
  readonly ahead: Ranges
  readonly inFlight: Ranges
  readonly batch: Ranges
  readonly again: Ranges
  readonly left: Ranges
  readonly stuck: Ranges
  readonly kept: Ranges
  readonly halfBack: Ranges
  readonly until: number
}

/** Where the control of a run begins. */
export const atTheBeginning = {
  failing: false,
  ended: none,
  cursor: 0,
  drifted: none,
  ahead: none,
  inFlight: none,
  batch: none,
  again: none,
  left: none,
  stuck: none,
  kept: none,
  halfBack: none,
  until: 0,
}

/** Begins again after a reboot: what outlived it is in flight. */
export const beginningAgain = ({ indexOf }: Control, outliving: readonly string[] = []): Partial<Control> => ({
  ...atTheBeginning,
  inFlight: outliving.map((id) => indexOf.get(id)!).reduce(including, none),
})

/** Goes through the steps that are still to be applied, in their order; those at the end when none is left before them. */
export function* stepsForth({ steps, cursor, drifted, ahead, end, failing, ended }: Control): Generator<number> {
  if (!failing) yield* upwards(drifted)
  const atEnd = failing || (drifted.length === 0 && cursor >= end)
  const [all, done] = atEnd ? [between(end, steps.length - 1), ended] : [between(cursor, end - 1), ahead]
  for (const index of upwards(all)) if (!has(done, index)) yield index
}

/** The step that is planned and applied next; undefined when none is left. */
export function nextForth(control: Control): number | undefined {
  for (const index of stepsForth(control)) return index
  return undefined
}

/** Leaves only the steps at the end to a run in which a step has failed. */
export function failedAt({ end, ended }: Control, index: number): Partial<Control> {
  return { failing: true, ended: index < end ? ended : including(ended, index) }
}

/** Goes forth again: what is taken in any case is taken anew, unless the run was whole. */
export function forthAgain({ steps, cursor, failing, ended }: Control): Partial<Control> {
  return { left: none, failing: false, ended: cursor === steps.length && !failing ? ended : none }
}

/** Notes the intent of a step. */
export function planned({ inFlight, batch, again }: Control, index: number): Partial<Control> {
  return {
    inFlight: including(inFlight, index),
    batch: including(batch, index),
    again: has(inFlight, index) ? including(again, index) : without(again, index),
  }
}

/** Takes back the last intent of a step: an earlier one stands. */
export const calledOff = ({ inFlight, again }: Control, index: number): Partial<Control> =>
  has(again, index) ? {} : { inFlight: without(inFlight, index) }

/** Moves a run past a step that holds now. */
export function advanced(control: Control, index: number): Partial<Control> {
  const { drifted, inFlight, stuck, kept, end, ended } = control
  return {
    ...counted(control, index),
    ended: index < end ? ended : including(ended, index),
    drifted: without(drifted, index),
    inFlight: without(inFlight, index),
    stuck: without(stuck, index),
    kept: without(kept, index),
  }
}

/** Moves the cursor up to the first step that does not hold yet. */
function counted({ cursor, ahead }: Control, index: number): Pick<Control, 'cursor' | 'ahead'> {
  if (index < cursor) return { cursor, ahead }
  const holding = including(ahead, index)
  if (index > cursor) return { cursor, ahead: holding }
  const next = holding[0]![1] + 1
  return { cursor: next, ahead: from(holding, next) }
}

/** Lists what a repair applies again; what is not applied yet comes by itself. */
export const repair = ({ indexOf, cursor }: Control, ids: readonly string[]): Partial<Control> => ({
  left: none,
  failing: false,
  drifted: ids
    .flatMap((id) => indexOf.get(id) ?? [])
    .filter((index) => index < cursor)
    .reduce(including, none),
})

/** The step that is taken back next: the last that an undo has left, else one that an earlier undo was stopped in. */
export const nextBack = ({ left, halfBack }: Control): number => last(left) ?? last(halfBack)!

export const wayBack = (context: Control, stays: string | undefined): Partial<Control> => ({
  until: endOf(context, stays),
  left: stepsBack(context, stays),
  drifted: none,
  failing: false,
})

const endOf = ({ indexOf }: Control, stays: string | undefined): number =>
  stays === undefined ? 0 : indexOf.get(stays)! + 1

/** Lists what an undo takes back: everything behind `stays` that was planned, and what an earlier undo left. */
export function stepsBack(context: Control, stays: string | undefined): Ranges {
  const { cursor, inFlight, ahead, stuck, kept } = context
  return from(union(between(0, cursor - 1), inFlight, ahead, stuck, kept), endOf(context, stays))
}

/** Notes the intent to take a step back. */
export const goneHalfBack = ({ halfBack, batch }: Control, index: number): Partial<Control> => ({
  halfBack: including(halfBack, index),
  batch: including(batch, index),
})

/** Moves an undo past a step that it is done with. */
export function behind(
  { cursor, ahead, inFlight, left, stuck, kept, halfBack, ended }: Control,
  index: number,
): Partial<Control> {
  return {
    cursor: Math.min(cursor, index),
    ahead: without(ahead, index),
    inFlight: without(inFlight, index),
    left: without(left, index),
    stuck: without(stuck, index),
    kept: without(kept, index),
    halfBack: without(halfBack, index),
    ended: without(ended, index),
  }
}

/** Moves an undo past a step that it could not take back. */
export const stuckAt = (control: Control, index: number): Partial<Control> => ({
  ...behind(control, index),
  stuck: including(control.stuck, index),
})

/** Moves an undo past a step that it leaves on purpose. */
export const keptAt = (control: Control, index: number): Partial<Control> => ({
  ...behind(control, index),
  kept: including(control.kept, index),
})
