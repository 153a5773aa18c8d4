import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { disturb } from '../crash/trial.ts'
import { expectGolden, type Mask } from '../support/golden.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'

const { dir, workflowOf } = workspace()

/** What depends on the id of the run: the id, and the macs of its links. */
const masks: readonly Mask[] = [
  [/(run|--id) [a-z][a-z0-9]{7}\b/g, '$1 ID'],
  [/address ([0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'address MAC'],
]

test('shows what a run would make, change and check, and does nothing', async () => {
  const { nsnet, exec } = await sandboxed()
  const before = await fingerprint(exec)
  const { exitCode, stdout } = await nsnet('plan', 'workflows/internet.json')
  expect(exitCode).toBe(0)
  await expectGolden('plan-internet.txt', stdout, masks)
  await expectGolden('plan-internet-v.txt', (await nsnet('plan', 'workflows/internet.json', '-v')).stdout, masks)
  expect(await fingerprint(exec)).toEqual(before)
  expect((await exec({ argv: ['find', '/run/nsnet/own/state', '-type', 'f'] })).stdout).toBe('')
})

test('shows what holds, what is changed, and what is in the way of a run', async () => {
  const world = await sandboxed()
  const file = join(dir, 'lab.json')
  const steps = [
    { id: 'forward', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1 } },
    { id: 'ttl', uses: 'sysctl', with: { key: 'net.ipv4.ip_default_ttl', value: 70 } },
    { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
    { id: 'cable', uses: 'veth', with: { name: 'v0', peer: { name: 'v1', netns: 'blue' } } },
    { id: 'address', uses: 'addr', with: { netns: 'blue', link: 'v1', address: '10.1.0.1/24' } },
    { id: 'inside', uses: 'sysctl', with: { netns: 'blue', key: 'net.ipv4.ip_forward', value: 1 } },
    {
      id: 'mtu',
      uses: 'link',
      with: { netns: 'blue', link: 'v1', mtu: '${{ steps.ttl.outputs.value == "70" ? 1400 : 1300 }}' },
    },
    {
      id: 'same',
      uses: 'link',
      with: { link: '${{ steps.forward.outputs.value == "1" ? "enp1s0" : "no" }}', state: 'up' },
    },
  ]
  writeFileSync(file, JSON.stringify({ name: 'lab', steps }))
  await disturb(world, { sh: 'sysctl -qw net.ipv4.ip_forward=1; ip link add v0 type bridge' })
  const { exitCode, stdout } = await world.nsnet('plan', file)
  expect(exitCode).toBe(1)
  await expectGolden('plan-conflict.txt', stdout, masks)
})

test('says how long a step may wait that waits by itself and is tried again, for the two multiply', async () => {
  const { nsnet } = await sandboxed()
  const file = join(dir, 'patient.json')
  const nobody = { ping: '203.0.113.99', within: 0.2, every: 0.1, count: 1, timeout: 1 }
  const retry = { times: 2, delay: 0.1, factor: 2 }
  const steps = [
    { id: 'both', uses: 'check', with: nobody, retry, onFailure: 'continue' },
    { id: 'once', uses: 'check', with: { ...nobody, within: 0 }, retry, onFailure: 'continue' },
    { id: 'limited', uses: 'wait', with: { link: 'enp1s0', state: 'up' }, retry: { times: 1 }, timeout: 5 },
  ]
  writeFileSync(file, JSON.stringify({ name: 'patient', steps }))
  const { stdout } = await nsnet('plan', file)
  expect(stdout.match(/(?<=^ +waits +)\S.*|(?<=^ {2}\? check +)\w+/gm)).toEqual([
    'both',
    'up to 900 ms in all: 3 tries of up to 200 ms',
    'once',
    'limited',
    'up to 11.00 s in all: 2 tries of up to 5.00 s',
  ])
})

const skipped = (text: string) => text.match(/(?<=- skipped +)\w+ +needs.*/g)?.map((line) => line.replace(/ +/g, ' '))

test('says what is left out behind a step that is in conflict and may fail, as the run leaves it out', async () => {
  const { nsnet } = await sandboxed()
  const file = workflowOf('without', {
    steps: [
      { id: 'nowhere', uses: 'link', with: { link: 'nowhere', state: 'up' }, onFailure: 'continue' },
      { id: 'behind', uses: 'netns', with: { netns: 'behind' }, needs: ['nowhere'] },
      { id: 'reads', uses: 'netns', with: { netns: 'n${{ steps.nowhere.outputs.mtu }}' } },
      { id: 'further', uses: 'netns', with: { netns: 'further' }, needs: ['behind'] },
      { id: 'other', uses: 'netns', with: { netns: 'other' } },
    ],
  })
  const { exitCode, stdout } = await nsnet('plan', file)
  expect(exitCode).toBe(0)
  expect(skipped(stdout)).toEqual([
    'behind needs nowhere, which failed',
    'reads needs nowhere, which failed',
    'further needs behind, which was skipped',
  ])
  expect(stdout).toContain('plan: 1 to make, 3 skipped, 1 in conflict')
  expect(skipped((await nsnet('run', file)).stderr)).toEqual(skipped(stdout))
})

test('gives 2 with --detailed-exitcode when there is something to do, and 0 when all holds', async () => {
  const { nsnet } = await sandboxed()
  const plan = async () => (await nsnet('plan', 'workflows/internet.json', '--detailed-exitcode')).exitCode
  expect(await plan()).toBe(2)
  await nsnet('run', 'workflows/internet.json')
  expect(await plan()).toBe(0)
})

test('rehearses an undo', async () => {
  const { nsnet } = await sandboxed()
  await nsnet('run', 'workflows/internet.json', '--id', 'lab1')
  await expectGolden('undo-dry-run.txt', (await nsnet('undo', '--dry-run')).stdout, masks)
  await expectGolden('undo-dry-run-to.txt', (await nsnet('undo', '--dry-run', '--to', 'forwarding')).stdout, masks)
})

test('takes the id that a run shall have, once', async () => {
  const { nsnet } = await sandboxed()
  const file = 'workflows/two-namespaces.json'
  expect(await nsnet('run', file, '--id', 'lab1')).toMatchObject({ exitCode: 0 })
  const again = await nsnet('run', file, '--id', 'lab1')
  expect(again).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('there is a run lab1 already') })
  const odd = ['last', 'A', '1a', 'a b', '../x', 'a'.repeat(33)]
  const codes = odd.map(async (id) => (await nsnet('plan', file, '--id', id)).exitCode)
  expect(await Promise.all(codes)).toEqual(odd.map(() => 64))
})
