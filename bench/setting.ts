import type { Section } from './figures.ts'

/** What can be measured alone, in the order in which it is. */
export const groupNames = ['start', 'journal', 'one', 'many', 'long', 'runs'] as const

export type GroupName = (typeof groupNames)[number]

/** How much is measured. */
export interface Extent {
  /** Rounds for the small jobs. */
  readonly rounds: number
  readonly warmUp: number
  /** Numbers of netns, from few to many. */
  readonly sizes: readonly number[]
  /** How many runs there are where many are listed. */
  readonly runs: number
  /** How many events are appended where that is measured. */
  readonly events: number
  /** Seconds that one contestant may take of one contest. */
  readonly patience: number
}

/** What a group of measurements works with. */
export interface Setting extends Extent {
  /** A directory of its own, on a real disk. */
  readonly dir: string
  /** Tells people what is going on. */
  readonly say: (line: string) => void
}

/** Measures what belongs together. */
export type Group = (setting: Setting) => Promise<readonly Section[]>

/** The whole: about half an hour. */
export const whole: Extent = {
  rounds: 20,
  warmUp: 2,
  sizes: [10, 100, 1000],
  runs: 1000,
  events: 2000,
  patience: 120,
}

/** Enough to see that all of it works; its figures say nothing. */
export const quick: Extent = { rounds: 1, warmUp: 0, sizes: [2], runs: 10, events: 200, patience: 60 }

/** Rounds for a job that takes long: fewer, the more netns there are. */
export function roundsAt(size: number, { rounds }: Extent): number {
  if (size <= 10) return Math.min(rounds, 10)
  return Math.min(rounds, size <= 100 ? 5 : 3)
}
