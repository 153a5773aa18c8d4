import type { Entry } from '../core/events.ts'
import type { Tail } from '../journal/tail.ts'

/** Rings when there is news. */
export interface Bell {
  readonly ring: () => void
  /** Resolves when it rings next. */
  readonly next: () => Promise<void>
}

/** Makes a bell that nobody has rung. */
export function bell(): Bell {
  let ring: (() => void) | undefined
  let next: Promise<void> | undefined
  return {
    ring: () => {
      next = undefined
      ring?.()
    },
    next: () => (next ??= new Promise((resolve) => (ring = resolve))),
  }
}

/**
 * Gives the entries of a journal from its beginning, and then those that come, until there are no more and nobody is at work
 * on the run. `news` resolves when there may be more.
 */
export async function* entriesOf(
  follow: () => Promise<Tail>,
  isAtWork: () => boolean | Promise<boolean>,
  news: () => Promise<unknown>,
): AsyncGenerator<Entry, void, undefined> {
  const tail = await follow()
  try {
    for (;;) {
      // both asked before reading: what is written meanwhile is read the next time
      const coming = news()
      const busy = await isAtWork()
      const entries = await tail.next()
      yield* entries
      if (entries.length > 0) continue
      if (!busy) return
      await coming
    }
  } finally {
    await tail.close()
  }
}
