import type { Ending } from '../library/ending.ts'
import { exitCodeOf } from './signals.ts'

/** The exit code that says how work on a run ended. */
export function codeOf({ how, signal = '' }: Ending): number {
  return { well: 0, failed: 1, kept: 2, stopped: exitCodeOf(signal) }[how]
}
