import { describe, expect, test } from 'vitest'
import { sandboxed } from '../support/sandbox.ts'
import { faultsOf, stageOf, type Act } from './trial.ts'

/** `npm run test:crash`; with `NSNET_CRASH=every` also at boundaries that leave the same behind as the one before. */
const all = process.env['NSNET_CRASH'] !== undefined

const ways = ['resume', 'undo'] as const

/** Places at which a batch is half-way: its intents, its commands, between its processes, its outcomes. */
const insideOfBatches = [
  /^half of .*(StepPlanned|UndoPlanned) \S+ is written$/,
  /^half of ip .*-batch -$/,
  /^after ip .*-batch -$/,
  /^half of .*(StepApplied|StepUndone) \S+ is written$/,
]

/**
 * Kills nsnet at the boundaries of a run of a workflow, and of its undo, each time in a fresh state directory: with `all` at
 * every boundary with every way to go on, else at each `stride`th of these trials. The first trial with a fault is the last
 * one, for it leaves the world in a state that the next ones would stumble over.
 */
export function describeEveryBoundary(name: string, stride: number): void {
  describe.each([
    ['a run', [{ verb: 'run' }]],
    ['an undo', [{ verb: 'run' }, { verb: 'undo' }]],
  ] as readonly (readonly [string, readonly Act[]])[])('%s', (_, acts) => {
    test(
      `of ${name}.json, killed at its boundaries, is resumed and undone exactly`,
      { timeout: 3_600_000 },
      async () => {
        const stage = await stageOf(await sandboxed(), `workflows/${name}.json`)
        const boundaries = stage.boundaries[acts.at(-1)!.verb]
        expect(boundaries.length).toBeGreaterThan(25)
        for (const inside of insideOfBatches) expect(boundaries).toContainEqual(expect.stringMatching(inside))
        const trials = boundaries.flatMap((boundary, at) => ways.map((then) => ({ boundary, killAt: at + 1, then })))
        for (const { boundary, killAt, then } of trials.filter((_trial, at) => at % (all ? 1 : stride) === 0)) {
          const killed = [...acts.slice(0, -1), { ...acts.at(-1)!, killAt }]
          expect({ boundary, then, faults: await faultsOf(stage, killed, then) }).toEqual({
            boundary,
            then,
            faults: [],
          })
        }
      },
    )
  })
}
