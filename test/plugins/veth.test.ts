import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import veth from '../../plugins/veth.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'

const toNetns = { name: 'veth-host', peer: { name: 'veth-ns', netns: 'ns1' } }
/** The macs that step s1 of run r1 gives. */
const [own, peers] = ['4a:6a:60:29:25:5b', 'e2:7f:57:34:de:ae']
const absent = { near: null, far: null, paired: false }
const end = { ifindex: 2, mac: '02:00:00:00:00:01', mtu: 1500, kind: 'veth', master: null }
const near = { ...end, name: 'veth-host' }
const pair = { near, far: { ...end, name: 'veth-ns', mac: '02:00:00:00:00:02' }, paired: true }

test('creates the peer in its netns and deletes by the host end', () =>
  given(veth, toNetns)
    .seeing(absent)
    .plans({
      apply: [`ip link add name veth-host address ${own} type veth peer name veth-ns netns ns1 address ${peers}`],
      undo: ['ip link delete dev veth-host'],
    }))

test('works from the host also when the first end is the one in a netns', () =>
  given(veth, { name: 'in', netns: 'ns1', mac: '02:00:00:00:00:01', peer: { name: 'out', mtu: 1400 } })
    .seeing(absent)
    .plans({
      apply: [
        `ip link add name out address ${peers} mtu 1400 type veth peer name in netns ns1 address 02:00:00:00:00:01`,
      ],
      undo: ['ip link delete dev out'],
    }))

test('creates both ends in two netns', () =>
  given(veth, { name: 'a', netns: 'ns1', peer: { name: 'a', netns: 'ns2' } })
    .seeing(absent)
    .plans({
      apply: [`ip -n ns1 link add name a address ${own} type veth peer name a netns ns2 address ${peers}`],
      undo: ['ip -n ns1 link delete dev a'],
    }))

test('is satisfied with a veth that is there', () => given(veth, toNetns).seeing(pair).isSatisfied())

test('does not take another kind of link for an end', () =>
  given(veth, toNetns)
    .seeing({ near: { ...near, kind: 'bridge' }, far: null, paired: false })
    .conflicts('got veth-host (bridge, ifindex 2) in the host and no veth-ns in netns ns1'))

test('names the mtu that is there and the one asked for', () =>
  given(veth, { ...toNetns, mtu: 1400 })
    .seeing(pair)
    .conflicts('link veth-host in the host has mtu 1500, expected 1400'))

test('names the mac of the other end', () =>
  given(veth, { ...toNetns, peer: { ...toNetns.peer, mac: '02:00:00:00:00:07' } })
    .seeing(pair)
    .conflicts('link veth-ns in netns ns1 has mac 02:00:00:00:00:02, expected 02:00:00:00:00:07'))

test('refuses one name twice in one netns', () =>
  expect(() => given(veth, { name: 'a', peer: { name: 'a' } })).toThrow('expected two names'))

test('gives macs and ifindex in the order of the input', () => {
  const { input } = given(veth, { name: 'in', netns: 'ns1', peer: { name: 'out' } })
  expect(veth.outputs!['mac']!(pair, input)).toBe('02:00:00:00:00:02')
  expect(veth.outputs!['peerMac']!(pair, input)).toBe('02:00:00:00:00:01')
})

test('takes a veth that nobody saw made for its own when it has the macs that this very step gives', () => {
  const { input } = given(veth, toNetns)
  const mine = { ...pair, near: { ...near, mac: own }, far: { ...pair.far, mac: peers } }
  const how = { ...context, at: undefined, refused: false }
  expect(veth.mine!(input, absent, mine, how)).toBe(true)
  expect(veth.mine!(input, absent, { ...mine, far: null }, how)).toBe(true)
  expect(veth.mine!(input, absent, pair, how)).toBe(false)
  expect(veth.mine!(input, absent, { ...mine, far: pair.far }, how)).toBe(false)
  expect(veth.mine!(input, absent, mine, { ...how, refused: true })).toBe(false)
})

test.each([
  [{ name: 'wan' }, 'link veth-host in the host is called wan'],
  [{ master: 'br0' }, 'link veth-host in the host belongs to br0'],
  [{ mtu: 1300 }, 'link veth-host in the host has mtu 1300, had 1500'],
  [{}, undefined],
])('says what others did to an end: %j', (change, message) =>
  expect(veth.drift!(given(veth, toNetns).input, pair, { ...pair, near: { ...near, ...change } }, context)).toBe(
    message,
  ),
)

test('keeps its identity when the far netns is gone', () =>
  expect(veth.identity!({ near, far: null, paired: false })).toEqual(veth.identity!(pair)))

const cases = [
  toNetns,
  { name: 'in', netns: 'ns1', mac: '02:00:00:00:00:01', mtu: 1400, peer: { name: 'out', mac: '02:00:00:00:00:02' } },
  { name: 'a', netns: 'ns1', peer: { name: 'a', netns: 'ns2', mtu: 9000 } },
  { name: 'a', netns: 'ns1', peer: { name: 'b', netns: 'ns1' } },
  { name: '$(x)', peer: { name: 'a;b' } },
  { name: '-x', peer: { name: '-x', netns: 'ns1' } },
]

test.each(cases)('creates and removes $name in the kernel', async (input) => {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  await kernel.sh('ip netns add ns2')
  await conforms(kernel, veth, input)
})

test('sees that two veths are not peers of each other, and changes nothing', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip link add name a type veth peer name x')
  await kernel.sh('ip link add name b type veth peer name y')
  const before = await fingerprint(kernel.exec)
  const plan = await on(kernel, veth, { name: 'a', peer: { name: 'b' } }).plan()
  expect(plan.conflict).toMatch('not peers')
  expect(await fingerprint(kernel.exec)).toEqual(before)
})

test('sees one end without the other', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  await kernel.sh('ip link add veth-host type bridge')
  expect((await on(kernel, veth, toNetns).plan()).conflict).toMatch('veth-host (bridge')
})

test('deletes the host end also when the name of the netns is gone', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  const it = on(kernel, veth, toNetns)
  const before = await it.apply()
  const identity = veth.identity!(await it.observe())
  await kernel.sh('touch /run/kept')
  await kernel.sh('mount --bind /run/netns/ns1 /run/kept')
  await kernel.sh('ip netns delete ns1')
  const now = await it.observe()
  expect(now).toMatchObject({ near: { kind: 'veth' }, far: null })
  expect(veth.identity!(now)).toEqual(identity)
  await it.undo(before)
  expect(await kernel.sh('ip -json link show')).not.toContain('veth-host')
})

test('finds an end that somebody renamed, and says so', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add ns1')
  const it = on(kernel, veth, toNetns)
  const before = await it.apply()
  await kernel.sh('ip link set dev veth-host name wan')
  expect((await it.plan()).conflict).toMatch('link veth-host in the host is called wan')
  await it.undo(before)
  expect(await kernel.sh('ip -json link show')).not.toContain('wan')
})

test('undoes nothing when the veth was there before', () =>
  expect(veth.undo!(given(veth, toNetns).input, pair, pair, context)).toEqual([]))
