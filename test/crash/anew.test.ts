import { expect, test } from 'vitest'
import { sandboxed } from '../support/sandbox.ts'
import { faultsOf, stageOf } from './trial.ts'

/** `npm run test:crash` tries every boundary, the ordinary suite each 5th of them. */
const stride = process.env['NSNET_CRASH'] === undefined ? 5 : 1

test.each([
  ['short', 0],
  ['table', 1],
])(
  'a run of %s.json that was killed, and begun anew instead of resumed, is undone exactly with the new one, the new one first',
  { timeout: 3_600_000 },
  async (name, first) => {
    const stage = await stageOf(await sandboxed(), `test/crash/${name}.json`)
    for (const [at, boundary] of stage.boundaries.run.entries()) {
      if (at % stride !== first % stride) continue
      const acts = [{ verb: 'run', killAt: at + 1 }, { verb: 'run' }, { verb: 'undo' }] as const
      expect({ boundary, faults: await faultsOf(stage, acts, 'undo') }).toEqual({ boundary, faults: [] })
    }
  },
)
