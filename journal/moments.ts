import type { Entry, RunStarted } from '../core/events.ts'
import { foldingOn, start, type Folding, type Moment } from '../core/moment.ts'
import type { Take } from './reading.ts'

/** Where a run stands, and when its first and its last event were journaled (ISO 8601, UTC). */
export interface Folded {
  readonly moment: Moment
  readonly startedAt: string
  readonly changedAt: string
}

/** Folds the entries that `take` is given; gives undefined when there were none. */
export function folding(): { readonly take: Take; readonly folded: () => Folded | undefined } {
  let first: Entry | undefined
  let last: Entry | undefined
  let rest: Folding | undefined
  return {
    take: (entries) => {
      first ??= entries[0]
      last = entries.at(-1)
      for (const { event } of entries)
        if (rest) rest.add(event)
        else rest = foldingOn(start(event as RunStarted))
    },
    folded: () => rest && { moment: rest.moment(), startedAt: first!.at, changedAt: last!.at },
  }
}

/** How many journals are read at the same time: one is read while others are opened and closed. */
export const AT_ONCE = 8
