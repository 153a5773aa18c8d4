import { expect, test } from 'vitest'
import { sandboxed } from '../support/sandbox.ts'
import { faultsOf, stageOf } from './trial.ts'

/** `npm run test:crash` tries all of them. */
const stride = process.env['NSNET_CRASH'] === undefined ? 41 : 1

test(
  'killed where steps are skipped, tried again, left behind or nested, a run is resumed and undone exactly',
  { timeout: 3_600_000 },
  async () => {
    const stage = await stageOf(await sandboxed(), 'test/crash/flow.json')
    const { run, undo } = stage.boundaries
    for (const part of [/StepSkipped \S+ is written$/, /StepRetried flaky is written$/, /StepFailed flaky is written$/])
      expect(run).toContainEqual(expect.stringMatching(part))
    const trials = [
      ...run.flatMap((boundary, at) =>
        (['resume', 'undo'] as const).map((then) => ({
          boundary,
          then,
          acts: [{ verb: 'run', killAt: at + 1 }] as const,
        })),
      ),
      ...undo.flatMap((boundary, at) =>
        (['resume', 'undo'] as const).map((then) => ({
          boundary,
          then,
          acts: [{ verb: 'run' }, { verb: 'undo', killAt: at + 1 }] as const,
        })),
      ),
    ]
    for (const { boundary, then, acts } of trials.filter((_trial, at) => at % stride === 0))
      expect({ boundary, then, faults: await faultsOf(stage, acts, then) }).toEqual({ boundary, then, faults: [] })
  },
)
