import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sandboxed } from '../support/sandbox.ts'
import { faultsOf, stageOf, type Act } from './trial.ts'

const all = process.env['NSNET_CRASH'] !== undefined
const seed = Number(process.env['NSNET_SEED'] ?? (all ? Date.now() % 2 ** 31 : 1))

/** What is done, in its order; each but a whole run is killed at some boundary. */
const courses: readonly (readonly Act['verb'][])[] = [
  ['run', 'resume'],
  ['run', 'resume', 'resume'],
  ['run', 'undo'],
  ['run', 'undo', 'resume'],
  ['run', 'resume', 'undo', 'undo'],
]

const kills = fc.record({
  at: fc.array(fc.nat(9999), { minLength: 4, maxLength: 4 }),
  then: fc.constantFrom('resume' as const, 'undo' as const),
})

describe.each(courses.map((course) => [course.join(', '), course] as const))('killed in each of: %s', (_, course) => {
  test('is resumed to the whole, and undone exactly', { timeout: 7_200_000 }, async () => {
    const stage = await stageOf(await sandboxed(), 'workflows/internet.json')
    await fc.assert(
      fc.asyncProperty(kills, async ({ at, then }) => {
        const acts = course.map((verb, index) => ({ verb, killAt: 1 + (at[index]! % stage.boundaries[verb].length) }))
        expect({ acts, then, faults: await faultsOf(stage, acts, then) }).toEqual({ acts, then, faults: [] })
      }),
      { seed, numRuns: all ? 60 : 2, endOnFailure: true },
    )
  })
})
