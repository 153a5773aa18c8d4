import { expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { ranOne, workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { workflowOf } = workspace()

const ifindex = ({ sh }: Sandboxed): Promise<number> => sh('cat /sys/class/net/red/ifindex').then(Number)

const outputs = async ({ nsnet }: Sandboxed): Promise<object> =>
  (JSON.parse((await nsnet('show', '--json')).stdout) as { outputs: object }).outputs

const red = { id: 'red', uses: 'veth', with: { name: 'red', peer: { name: 'der' } } }

test('what a workflow gives of a repaired step is what that gives now, also by another workflow', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  workflowOf('inner', { steps: [red], outputs: { ifindex: '${{ steps.red.outputs.ifindex }}' } })
  workflowOf('middle', {
    steps: [{ id: 'low', uses: 'workflow', with: { file: './inner.json' } }],
    outputs: { ifindex: '${{ steps.low.outputs.ifindex }}' },
  })
  workflowOf('upper', {
    steps: [{ id: 'below', uses: 'workflow', with: { file: './middle.json' } }],
    outputs: { ifindex: '${{ steps.below.outputs.ifindex }}' },
  })
  const file = workflowOf('outer', {
    steps: [{ id: 'mid', uses: 'workflow', with: { file: './upper.json' } }],
    outputs: { ifindex: '${{ steps.mid.outputs.ifindex }}' },
  })
  const run = await ranOne(world, file)
  const first = await ifindex(world)
  expect(await outputs(world)).toEqual({ ifindex: first })
  await world.sh('ip link delete red')
  expect(await world.nsnet('repair')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('holds again') })
  const second = await ifindex(world)
  expect(second).not.toBe(first)
  expect(await outputs(world)).toEqual({ ifindex: second })
  expect(await world.nsnet('verify')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo', run)).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('what was made of what a repaired step gave before is told, and how to make it anew', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const alias = 'link ${{ steps.red.outputs.ifindex }}'
  const labelled = { id: 'label', uses: 'link', with: { link: 'enp1s0', alias } }
  const run = await ranOne(world, workflowOf('label', { steps: [red, labelled] }))
  await world.sh('ip link delete red')
  const { exitCode, stdout } = await world.nsnet('repair')
  const how = `nsnet undo ${run} --to red, then nsnet resume ${run}`
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 2, stdout: expect.stringContaining(how) })
  expect(stdout).toContain('what red gives is another now')
  expect(await world.nsnet('undo', run, '--to', 'red')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('resume', run)).toMatchObject({ exitCode: 0 })
  expect(await world.sh('ip link show enp1s0')).toContain(`alias link ${await ifindex(world)}\n`)
  expect(await world.nsnet('verify')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo', run)).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})
