import { readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ip, type Command } from '../../core/command.ts'
import { privateKernel, type Kernel } from '../support/kernel.ts'
import { layer } from '../support/layer.ts'
import { sandboxed } from '../support/sandbox.ts'
import { faultsOf, stageOf } from './trial.ts'

const inKernel = layer()

const link = (name: string): Command =>
  ip(undefined, 'link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', `${name}p`)

/** Kills the layer in the middle of its batch; gives the links that are there then. */
async function killedInside(kernel: Kernel, groups: readonly (readonly Command[])[]): Promise<readonly string[]> {
  const boundaries = `/tmp/nsnet-batch-${process.pid}`
  rmSync(boundaries, { force: true })
  const request = JSON.stringify({ ask: 'runJoined', groups, upTo: 'first failure' })
  const run = (env: string) =>
    kernel.exec({
      argv: ['env', env, process.execPath, '--import', resolve('testing/boundaries.mjs'), inKernel.file, request],
    })
  expect(await run(`NSNET_BOUNDARIES=${boundaries}`)).toMatchObject({ exitCode: 0 })
  const at = readFileSync(boundaries, 'utf8')
    .split('\n')
    .findIndex((line) => /^half of ip .*-batch -$/.test(line))
  rmSync(boundaries)
  expect(at).toBeGreaterThanOrEqual(0)
  for (const name of ['a', 'b', 'c', 'd']) await kernel.sh(`ip link delete dev ${name}`)
  expect(await run(`NSNET_KILL_AT=${at + 1}`)).toMatchObject({ exitCode: 137 })
  const links = JSON.parse(await kernel.sh('ip -json link show type veth')) as readonly { readonly ifname?: string }[]
  return links.flatMap(({ ifname }) => (ifname?.length === 1 ? [ifname] : []))
}

test.each([
  ['that nsnet has started', []],
  ['that a helper has started', [[{ argv: ['ip', '-V'] }]]],
])(
  'the crash tests kill in the middle of a batch %s: what came before is done, nothing comes behind',
  async (_, before) => {
    const kernel = await privateKernel()
    const groups = [...before, ['a', 'b', 'c', 'd'].map(link)]
    expect((await killedInside(kernel, groups)).toSorted()).toEqual(['a', 'b'])
  },
)

test('steps of one chain, killed when some or all are done and not journaled, are undone exactly after a resume', async () => {
  const stage = await stageOf(await sandboxed(), 'workflows/internet.json')
  for (const where of [/^after iptables-\w+-restore/, /^the first of StepApplied default-route/]) {
    const at = stage.boundaries.run.findIndex((boundary) => where.test(boundary))
    expect(at).toBeGreaterThanOrEqual(0)
    const faults = await faultsOf(stage, [{ verb: 'run', killAt: at + 1 }], 'resume')
    expect({ where, faults }).toEqual({ where, faults: [] })
  }
})
