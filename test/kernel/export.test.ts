import fc from 'fast-check'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fingerprint, type Fingerprint } from '../../core/fingerprint.ts'
import { equal, type Json } from '../../core/json.ts'
import { settle } from '../../core/wait.ts'
import { workflows } from '../crash/random-workflow.ts'
import { comparable } from '../../testing/comparable.ts'
import { settledFingerprint } from '../support/kernel.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { exported, hasDash, ranByDash } from '../support/scripts.ts'

const { dir } = workspace()

test.skipIf(!hasDash).each(['internet', 'two-namespaces'])('a script of %s does what nsnet does', async (name) => {
  const world = await sandboxed()
  await expectSame(world, `workflows/${name}.json`, 'byscript', await settledFingerprint(world.exec))
})

test.skipIf(!hasDash)('a script of a run does what the run has done, and its way back leads back', async () => {
  const world = await sandboxed()
  const before = await settledFingerprint(world.exec)
  const byRun = await expectSame(world, 'workflows/internet-nftables.json', 'nftables', before)
  await ranByDash(world, await exported(world, 'nftables'))
  expect(await made(world), 'made by the script of the run').toEqual(byRun)
  await expectBack(world, await exported(world, 'nftables', '--undo'), before)
})

test.skipIf(!hasDash)('a random workflow does the same as a script', { timeout: 3_600_000 }, async () => {
  const world = await sandboxed()
  const before = await settledFingerprint(world.exec)
  const file = join(dir, 'workflow.json')
  const all = process.env['NSNET_CRASH'] !== undefined
  const seed = Number(process.env['NSNET_SEED'] ?? (all ? Date.now() % 2 ** 31 : 1))
  let done = 0
  await fc.assert(
    fc.asyncProperty(workflows, async (steps) => {
      writeFileSync(file, JSON.stringify({ name: 'random', steps }))
      const { exitCode, stderr } = await world.nsnet('export', file)
      const isRefused = exitCode === 1 && refusal.test(stderr)
      if (!isRefused) await expectSame(world, file, `random${10 + done++}`, before)
    }),
    { seed, numRuns: all ? 100 : 3, endOnFailure: true },
  )
  expect(done).toBeGreaterThan(1)
})

/** What cannot be told before earlier steps have run, and a random step that another one is in the way of. */
const refusal = /^nsnet: expected that (all commands are known .*\(depends on what|every step can be done, but)/

/**
 * Makes all of a workflow by its script and takes it back by the other one; makes it by nsnet and takes that back by the
 * script of the run. Gives what was made.
 */
async function expectSame(world: Sandboxed, file: string, run: string, before: Fingerprint): Promise<Json> {
  const { nsnet } = world
  const [up, down] = [await exported(world, file, '--id', run), await exported(world, file, '--id', run, '--undo')]
  await ranByDash(world, up)
  const byScript = await made(world)
  await expectBack(world, down, before)
  expect(await nsnet('run', file, '--id', run)).toMatchObject({ exitCode: 0 })
  const byRun = await made(world)
  expect(byScript, 'made by the script').toEqual(byRun)
  await expectBack(world, await exported(world, run, '--undo'), before)
  expect(await nsnet('undo', run, '--yes')).toMatchObject({ exitCode: 0 })
  return byRun
}

/** What is there, as soon as no address that was asked for is tentative any more. */
const made = ({ exec }: Sandboxed): Promise<Json> =>
  settle(
    async () => comparable(await fingerprint(exec)),
    (seen) => !JSON.stringify(seen).includes('"tentative":true'),
    10_000,
  )

/** Runs a way back; a netns that was deleted keeps its links for a moment. */
async function expectBack(world: Sandboxed, script: string, before: Fingerprint): Promise<void> {
  await ranByDash(world, script)
  const isBack = (seen: Fingerprint): boolean => equal(seen, before)
  expect(await settle(() => fingerprint(world.exec), isBack, 3_000), 'after the way back').toEqual(before)
}
