import type { Moment } from '../core/moment.ts'

/**
 * How work on a run ended.
 *
 * - `well`: it is what it was to become. `kept`: an undo has left what others have changed.
 * - `failed`: a step was not applied, or not taken back. `stopped`: somebody asked to, by `signal`.
 */
export interface Ending {
  readonly how: 'well' | 'kept' | 'failed' | 'stopped'
  readonly signal?: string
}

/** Says how a run ended that stands still after somebody worked on it. */
export function endingOf({ status, run }: Moment, stopped: AbortSignal): Ending {
  if (status === 'failed' || status === 'undo failed') return { how: 'failed' }
  if (status === 'interrupted' && stopped.aborted) return { how: 'stopped', signal: String(stopped.reason) }
  const kept = [...run.steps.values()].some((step) => step.status === 'kept' && step.neededBy?.length === 0)
  return { how: kept && status !== 'completed' ? 'kept' : 'well' }
}

/** The ending that says most: stopped, failed, kept, well. */
export function worst(endings: readonly Ending[]): Ending {
  for (const how of ['stopped', 'failed', 'kept'] as const) {
    const found = endings.find((ending) => ending.how === how)
    if (found) return found
  }
  return { how: 'well' }
}

/** Says whether nothing more may be done after that: it was stopped, or failed. */
export const endsAll = ({ how }: Ending): boolean => how === 'stopped' || how === 'failed'
