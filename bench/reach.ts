import { rowOf, type Section } from './figures.ts'

/** A number that nsnet is held to. */
export interface Reach {
  readonly name: string
  readonly against: string
  readonly atMost: number
  readonly unit: '×' | 's' | 'MB'
  /** Absent when it was not measured. */
  readonly measured?: number
  readonly reached?: boolean
}

const LOOP = 'bash loop'
const BATCH = 'ip -batch, iptables-restore'

/** Ratios of nsnet to another, from the sections of peers. */
const ratios = [
  ['run internet', 'one.run', 'bash script', 1],
  ['undo internet', 'one.undo', 'bash script', 0.8],
  ['run, each of 100 netns', 'many.run.100', LOOP, 0.12],
  ['run, each of 1000 netns', 'many.run.1000', LOOP, 0.12],
  ['run, each of 100 netns', 'many.run.100', BATCH, 1.3],
  ['run, each of 1000 netns', 'many.run.1000', BATCH, 1.3],
  ['undo, each of 100 netns', 'many.undo.100', LOOP, 0.1],
] as const

/** Tells of each number whether it was reached. */
export function reachOf(sections: readonly Section[]): readonly Reach[] {
  const resumeMs = rowOf(sections, 'resume.1000', 'resume, to its first command')?.median
  const peak = rowOf(sections, 'many.nsnet.1000', 'run, peak memory')?.median
  return [
    ...ratios.map(([name, section, against, atMost]) =>
      judged({ name, against, atMost, unit: '×' }, rowOf(sections, section, against)?.ratio),
    ),
    judged(
      { name: 'resume of 1000 netns', against: 'its first command', atMost: 0.5, unit: 's' },
      resumeMs === undefined ? undefined : resumeMs / 1000,
    ),
    judged({ name: 'run of 1000 netns', against: 'peak memory', atMost: 150, unit: 'MB' }, peak),
  ]
}

const judged = (reach: Reach, measured: number | undefined): Reach =>
  measured === undefined ? reach : { ...reach, measured, reached: measured <= reach.atMost }
