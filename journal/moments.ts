import type { Entry, RunStarted } from '../core/events.ts'
import { evolve, start, type Moment } from '../core/machine.ts'
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
  let moment: Moment | undefined
  return {
    take: (entries) => {
      first ??= entries[0]
      last = entries.at(-1)
      for (const { event } of entries) moment = moment ? evolve(moment, event) : start(event as RunStarted)
    },
    folded: () => moment && { moment, startedAt: first!.at, changedAt: last!.at },
  }
}

/** Does something about each of many things, a few of them at the same time; gives the results in the order of the things. */
export async function eachOf<T, R>(things: readonly T[], work: (thing: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < things.length; at = next++) results[at] = await work(things[at]!)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

/** How many journals are read at the same time: one is understood while others come from the disk. */
const AT_ONCE = 8
