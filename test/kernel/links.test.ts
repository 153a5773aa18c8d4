import { expect, test } from 'vitest'
import type { Entry } from '../../core/events.ts'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { kernelHas } from '../support/kinds.ts'
import { ranOne, workspace, type StepText } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { fileOf } = workspace()

const step = (id: string, uses: string, input: unknown): StepText => ({ id, uses, with: input })

const lab = fileOf(
  'lab',
  step('lab', 'netns', { netns: 'lab' }),
  step('a', 'veth', { name: 'va', peer: { name: 'a0', netns: 'lab' } }),
  step('b', 'veth', { name: 'vb', peer: { name: 'b0', netns: 'lab' } }),
  step('c', 'veth', { name: 'vc', peer: { name: 'vd' } }),
  step('outer', 'bridge', { name: 'br0', ports: ['va', 'vb'], mtu: 1400 }),
  step('outer-address', 'addr', { link: 'br0', address: '10.5.0.1/24' }),
  step('outer-up', 'link', { link: 'br0', state: 'up' }),
  step('port-up', 'link', { link: 'va', state: 'up' }),
  step('macvlan', 'macvlan', { name: 'mv0', netns: 'lab', link: 'vc' }),
  step('macvlan-up', 'link', { link: 'mv0', netns: 'lab', state: 'up' }),
  step('macvlan-address', 'addr', { link: 'mv0', netns: 'lab', address: '10.5.1.1/24' }),
  step('vxlan', 'vxlan', { name: 'vx0', netns: 'lab', id: 42, remote: '10.5.0.2', local: '10.5.0.1', link: 'br0' }),
  step('vxlan-up', 'link', { link: 'vx0', netns: 'lab', state: 'up', alias: 'to another host' }),
  step('inner', 'bridge', { name: 'br0', netns: 'lab' }),
  step('join', 'link', { link: 'a0', netns: 'lab', master: 'br0', state: 'up' }),
  step('route', 'route', { netns: 'lab', to: '10.77.0.0/16', dev: 'mv0' }),
)

const eventsOf = ({ stdout }: { readonly stdout: string }) =>
  stdout.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as Entry).event]))

test('a lab of many kinds of links is set up in one go, holds, and is undone without a trace', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const ran = await world.nsnet('run', lab, '--json')
  const types = eventsOf(ran).map(({ type }) => type)
  // every intent stands before the first outcome: all was told beforehand, and done in one batch
  expect(types.lastIndexOf('StepPlanned')).toBeLessThan(types.indexOf('StepApplied'))
  expect(types.filter((type) => type === 'StepApplied')).toHaveLength(16)
  const there = await world.sh('bridge -json link show')
  expect(JSON.parse(there)).toMatchObject([
    { ifname: 'va', master: 'br0' },
    { ifname: 'vb', master: 'br0' },
  ])
  expect(await world.nsnet('verify')).toMatchObject({ exitCode: 0 })
  const again = await world.nsnet('run', lab, '--json')
  expect(eventsOf(again).filter(({ type }) => type === 'StepSatisfied')).toHaveLength(16)
  await undoAll(world, 2)
  expect(await fingerprint(world.exec)).toEqual(before)
})

test.skipIf(!kernelHas('macvlan'))(
  'links on a lower link get back the MTU that the run has taken from them',
  async () => {
    const world = await sandboxed()
    for (const line of [
      'link add name p0 type veth peer name p1',
      'link add link p0 name m0 type macvlan',
      'link add link p0 name m1 type macvlan',
    ])
      await world.sh(`ip ${line}`)
    const before = await fingerprint(world.exec)
    const steps = [
      step('above', 'macvlan', { name: 'm2', link: 'p0', mtu: 1500 }),
      step('other', 'link', { link: 'm1', mtu: 1450 }),
      step('small', 'link', { link: 'p0', mtu: 1400 }),
      step('smaller', 'link', { link: 'p0', mtu: 1300 }),
      step('plain', 'macvlan', { name: 'm3', link: 'p0' }),
    ]
    const run = await ranOne(world, fileOf('stacked', ...steps))
    expect(await world.sh('ip link show m0')).toContain('mtu 1300')
    expect(await world.nsnet('verify')).toMatchObject({ exitCode: 0 })
    expect(await world.nsnet('undo', run, '--to', 'small')).toMatchObject({ exitCode: 0 })
    for (const name of ['m0', 'm1', 'm2']) expect(await world.sh(`ip link show ${name}`)).toContain('mtu 1400')
    expect(await world.nsnet('undo', run)).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  },
)

test('links that get another mac right after they are made are still known as made, and undone without a trace', async () => {
  const kinds: readonly StepText[] = [
    step('veth', 'veth', { name: 'l1', peer: { name: 'p1' } }),
    step('bridge', 'bridge', { name: 'l2' }),
    step('vxlan', 'vxlan', { name: 'l3', id: 7, remote: '10.5.0.2' }),
    step('macvlan', 'macvlan', { name: 'l4', link: 'p1' }),
    step('tun', 'tun', { name: 'l5', mode: 'tap' }),
  ]
  const others = kinds.flatMap(({ id }, at) => [
    step(`${id}-mtu`, 'link', { link: `l${at + 1}`, mtu: 1400 }),
    step(`${id}-mac`, 'link', { link: `l${at + 1}`, mac: `02:00:00:00:00:0${at + 1}` }),
  ])
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const ran = eventsOf(await world.nsnet('run', fileOf('macs', ...kinds, ...others), '--json'))
  expect(ran.flatMap((event) => (event.type === 'StepApplied' ? [event.step] : []))).toHaveLength(15)
  expect(await world.nsnet('verify')).toMatchObject({ exitCode: 0 })
  await undoAll(world, 1)
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('a link that was moved away, whose sysctls no default tells, comes back and goes with what made it', async () => {
  const moved = fileOf(
    'moved',
    step('cable', 'veth', { name: 'm1', peer: { name: 'm2' } }),
    step('red', 'netns', { netns: 'red' }),
    step('move', 'link', { link: 'm2', moveTo: 'red' }),
  )
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  await ranOne(world, moved)
  await undoAll(world, 1)
  expect(await fingerprint(world.exec)).toEqual(before)
})

const star = fileOf(
  'star',
  step('bridge', 'bridge', { name: 'br0' }),
  step('up', 'link', { link: 'br0', state: 'up' }),
  ...['a', 'b', 'c'].flatMap((it, at) => [
    step(`netns-${it}`, 'netns', { netns: it }),
    step(`cable-${it}`, 'veth', { name: `to-${it}`, mtu: 1500 - at, peer: { name: 'eth0', netns: it } }),
    step(`port-${it}`, 'link', { link: `to-${it}`, master: 'br0', state: 'up' }),
  ]),
)

test('links that join a new bridge one by one do so in one go, and leave it without a trace', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const types = eventsOf(await world.nsnet('run', star, '--json')).map(({ type }) => type)
  expect(types.lastIndexOf('StepPlanned')).toBeLessThan(types.indexOf('StepApplied'))
  expect(await world.nsnet('verify')).toMatchObject({ exitCode: 0 })
  const mtuOf = async () => /mtu \d+/.exec(await world.sh('ip link show dev br0'))?.[0]
  expect(await mtuOf()).toBe('mtu 1498')
  expect(await world.nsnet('undo', '--to', 'port-a', '--yes')).toMatchObject({ exitCode: 0 })
  expect(await mtuOf()).toBe('mtu 1500')
  await undoAll(world, 1)
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('a bridge that others gave a port is kept, and goes when that is gone', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  await ranOne(world, fileOf('one', step('br', 'bridge', { name: 'br0' })))
  await world.sh('ip link add name p0 type veth peer name p1')
  await world.sh('ip link set dev p0 master br0')
  expect((await world.nsnet('undo', '--yes')).stderr).toMatch('p0 stands on link br0 in the host')
  expect(await world.sh('ip -json link show dev br0')).toContain('br0')
  await world.sh('ip link delete dev p0')
  await undoAll(world, 1)
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('a port that somebody released is put back by a repair', async () => {
  const world = await sandboxed()
  const file = fileOf(
    'two',
    step('v', 'veth', { name: 'p0', peer: { name: 'p1' } }),
    step('br', 'bridge', { name: 'br0', ports: ['p0'] }),
  )
  await ranOne(world, file)
  await world.sh('ip link set dev p0 nomaster')
  expect(await world.nsnet('verify')).toMatchObject({ exitCode: 2 })
  expect(await world.nsnet('repair')).toMatchObject({ exitCode: 0 })
  expect(await world.sh('ip link show dev p0')).toContain('master br0')
  await undoAll(world, 1)
})

test.each<readonly [string, object, RegExp]>([
  ['dummy', { name: 'l0' }, /has no links of kind "dummy"\n +load it as root: modprobe dummy, or use a kernel/],
  ['vlan', { name: 'l0', link: 'enp1s0', id: 5 }, /has no links of kind "vlan"\n +load it as root: modprobe 8021q/],
  ['ipvlan', { name: 'l0', link: 'enp1s0' }, /has no links of kind "ipvlan"\n +load it as root: modprobe ipvlan/],
  ['bridge', { name: 'l0', vlanFiltering: true }, /"vlanFiltering" takes one with CONFIG_BRIDGE_VLAN_FILTERING/],
])(
  'where the kernel lacks %s %j the failure says so, else it is made; then all is as before',
  async (type, input, why) => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const isThere = kernelHas(type, ...('vlanFiltering' in input ? ['vlan_filtering', '1'] : []))
    const { exitCode, stdout, stderr } = await world.nsnet('run', fileOf(type, step('it', type, input)))
    expect({ exitCode, told: why.test(stdout + stderr) }).toEqual({ exitCode: isThere ? 0 : 1, told: !isThere })
    await undoAll(world, 1)
    expect(await fingerprint(world.exec)).toEqual(before)
  },
)

async function undoAll({ nsnet }: Sandboxed, runs: number): Promise<void> {
  for (let run = 0; run < runs; run += 1) expect(await nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
}
