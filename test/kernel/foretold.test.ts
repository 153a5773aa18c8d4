import fc from 'fast-check'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Ahead } from '../../core/effects/plan-ahead.ts'
import type { Entry } from '../../core/events.ts'
import type { Json } from '../../core/json.ts'
import { isPredictable, workflows } from '../crash/random-workflow.ts'
import { misfits } from '../support/fits.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { dir } = workspace()

const shipped = ['internet', 'internet-nftables', 'two-namespaces', 'many']

test.each(shipped)('each step of %s sees at its turn what was foretold of it', async (name) => {
  const workflow = JSON.parse(readFileSync(`workflows/${name}.json`, 'utf8')) as Workflow
  expect(await foretoldIn(await sandboxed(), workflow)).toBeGreaterThan(5)
})

test('each step of a random workflow sees at its turn what was foretold of it', { timeout: 3_600_000 }, async () => {
  const world = await sandboxed()
  const all = process.env['NSNET_CRASH'] !== undefined
  const seed = Number(process.env['NSNET_SEED'] ?? (all ? Date.now() % 2 ** 31 : 1))
  const tried = async (steps: readonly object[]) => void (await foretoldIn(world, { name: 'random', steps }))
  await fc.assert(fc.asyncProperty(workflows.filter(isPredictable), tried), {
    seed,
    numRuns: all ? 100 : 5,
    endOnFailure: true,
  })
})

interface Workflow {
  readonly name: string
  readonly steps: readonly object[]
}

/**
 * Plans a workflow, runs it step by step, and undoes it; says of how many steps it was foretold what they would see. A check
 * ends what is planned on one look: with one behind each step, what a step saw is what was there at its turn.
 */
async function foretoldIn({ nsnet }: Sandboxed, workflow: Workflow): Promise<number> {
  const file = join(dir, 'workflow.json')
  writeFileSync(file, JSON.stringify({ ...workflow, steps: oneByOne(workflow.steps) }))
  const planned = JSON.parse((await nsnet('plan', file, '--json')).stdout) as { run: string; steps: readonly Ahead[] }
  const { stdout } = await nsnet('run', file, '--id', planned.run, '--json')
  const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as Entry).event]))
  const seen = new Map(
    events.flatMap((it): [string, Json][] => (it.type === 'StepPlanned' ? [[it.step, it.before]] : [])),
  )
  const foretold = planned.steps.filter(({ step, before }) => before !== undefined && seen.has(step))
  const wrong = foretold.flatMap(({ step, before }) => misfits(before!, seen.get(step)!).map((it) => ({ step, ...it })))
  expect(wrong).toEqual([])
  expect(await nsnet('undo', planned.run, '--yes')).toMatchObject({ exitCode: 0 })
  return foretold.length
}

const oneByOne = (steps: readonly object[]): readonly object[] =>
  steps.flatMap((step) => [
    'steps' in step ? { ...step, steps: oneByOne(step.steps as readonly object[]) } : step,
    { id: `look-${(looks += 1)}`, uses: 'check', with: { ping: '127.0.0.1', count: 1, within: 0 } },
  ])

let looks = 0
