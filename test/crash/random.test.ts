import fc from 'fast-check'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sandboxed } from '../support/sandbox.ts'
import { workflows } from './random-workflow.ts'
import { faultsOf, stageOf } from './trial.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-random-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/**
 * The ordinary suite tries the same workflows each time, `npm run test:crash` others. A seed that failed is printed, and
 * tried again by `NSNET_SEED=… npm run test:crash`.
 */
const all = process.env['NSNET_CRASH'] !== undefined
const seed = Number(process.env['NSNET_SEED'] ?? (all ? Date.now() % 2 ** 31 : 1))

/** A workflow, the boundary at which nsnet is killed (modulo their number), and what is done then. */
const killed = fc.record({
  steps: workflows,
  where: fc.nat(9999),
  then: fc.constantFrom('resume' as const, 'undo' as const),
})

test(
  'a random workflow, killed anywhere, is resumed to the whole, and undone exactly',
  { timeout: 7_200_000 },
  async () => {
    const world = await sandboxed()
    const file = join(dir, 'workflow.json')
    await fc.assert(
      fc.asyncProperty(killed, async ({ steps, where, then }) => {
        writeFileSync(file, JSON.stringify({ name: 'random', steps }))
        const stage = await stageOf(world, file)
        const at = where % stage.boundaries.run.length
        const boundary = stage.boundaries.run[at]
        const faults = await faultsOf(stage, [{ verb: 'run', killAt: at + 1 }], then)
        expect({ boundary, then, faults }).toEqual({ boundary, then, faults: [] })
      }),
      { seed, numRuns: all ? 200 : 8, endOnFailure: true },
    )
  },
)
