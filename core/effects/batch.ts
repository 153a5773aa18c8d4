import { back, batchOf, forth, type Moment } from '../moment.ts'
import { first, last, upwards } from '../ranges.ts'

/** How many steps are planned on one look, and journaled together. */
const SIZE = 1000

/** How many the last batch may have: a small rest would cost as much as a batch of its own. */
const LIMIT = 1500

/** Names the steps that come next, as many as one batch may have. */
export const nextOf = (moment: Moment): readonly string[] => named(moment, taken(forth(moment)))

/** Names the steps that are taken back next, the last one first, as many as one batch may have. */
export const lastOf = (moment: Moment): readonly string[] => named(moment, taken(back(moment)))

/** The steps of a batch in which intents were journaled. */
export interface Batch {
  /** All from the first to the last one with an intent, in the order in which they are worked on. */
  readonly steps: readonly string[]
  /** Those with an intent; for the others there was nothing to do. */
  readonly intended: ReadonlySet<string>
}

/** The batch that is to be applied. */
export const batchForth = (moment: Moment): Batch => batchIn(moment, forth(moment), last(batchOf(moment)))

/** The batch that is to be taken back. */
export const batchBack = (moment: Moment): Batch => batchIn(moment, back(moment), first(batchOf(moment)))

function batchIn(moment: Moment, order: Iterable<number>, end: number | undefined): Batch {
  const steps: number[] = []
  for (const index of order) {
    steps.push(index)
    if (index === end) break
  }
  return { steps: named(moment, steps), intended: new Set(named(moment, [...upwards(batchOf(moment))])) }
}

function taken(order: Iterable<number>): readonly number[] {
  const some: number[] = []
  for (const index of order) if (some.push(index) > LIMIT) return some.slice(0, SIZE)
  return some
}

const named = ({ run }: Moment, indexes: readonly number[]): readonly string[] =>
  indexes.map((index) => run.started.steps[index]!.id)
