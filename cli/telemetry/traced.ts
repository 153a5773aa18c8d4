import type { Store } from '../../journal/store.ts'
import { tellError } from '../failure.ts'
import { exportSpans } from './export.ts'
import type { Target } from './target.ts'

/** Told each run that nsnet has worked on, when it stands still. */
export type Ended = (run: string) => void

/**
 * Works on runs, and then writes or sends the spans of those that it worked on. A failure to do so is told, and changes
 * nothing about the result.
 */
export async function traced(
  target: Target | undefined,
  store: Store,
  work: (ended: Ended) => Promise<number>,
): Promise<number> {
  const runs = new Set<string>()
  try {
    return await work((run) => void runs.add(run))
  } finally {
    if (target && runs.size > 0)
      await exportSpans(store, target, [...runs]).catch((error: unknown) => tellError(error, false))
  }
}
