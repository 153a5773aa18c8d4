import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import bridge from '../../plugins/bridge.ts'
import { macOf } from '../../plugins/lib/own-mac.ts'
import { on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { carriedFingerprint, privateKernel, type Kernel } from '../support/kernel.ts'

const own = macOf('nsnet:r1/s1')
const absent = { link: null, lower: null, ports: {}, carries: [], near: [] }
const params = { stp: false, vlanFiltering: false, forwardDelay: 15 }
const br0 = {
  name: 'br0',
  ifindex: 7,
  kind: 'bridge',
  mac: own,
  mtu: 1500,
  master: null,
  over: null,
  begun: false,
  params,
}
const there = { ...absent, link: br0 }
const ports = { name: 'br0', netns: 'lab', ports: ['a', 'b'], mtu: 1400 }

test('makes the bridge with a mac of run and step, then its ports, and sets an MTU that they do not change', () =>
  given(bridge, { ...ports, stp: true, forwardDelay: 2.5 })
    .seeing({ ...absent, ports: { a: null, b: null } })
    .plans({
      apply: [
        `ip -n lab link add name br0 address ${own} type bridge stp_state 1 forward_delay 250`,
        'ip -n lab link set dev a master br0',
        'ip -n lab link set dev b master br0',
        'ip -n lab link set dev br0 mtu 1400',
      ],
      undo: ['ip -n lab link delete dev br0'],
    }))

test.each([
  [{}, { ...absent, ports: { a: null } }, 'link b does not exist in netns lab'],
  [{}, { ...absent, ports: { a: null, b: 'br1' } }, 'link b belongs to br1, expected br0 or none'],
  [{}, { ...there, ports: { a: 'br0', b: null } }, 'link br0 in netns lab has mtu 1500, expected 1400'],
  [{ mtu: 1500 }, { ...there, ports: { a: 'br0', b: null } }, 'is there, and b is not a port of it'],
  [{ stp: true, mtu: undefined, ports: [] }, there, 'link br0 in netns lab has stp false, expected true'],
  [{ ports: [] }, { ...there, link: { ...br0, kind: 'veth' } }, 'expected a bridge, got link br0 in netns lab of kind'],
])('conflicts: %j', (change, state, message) =>
  given(bridge, { ...ports, ...change })
    .seeing(state)
    .conflicts(message),
)

test('goes on with a bridge that it has half made, and with no other', () => {
  const again = { ...context, before: absent }
  const half = { ...there, ports: { a: 'br0', b: null } }
  given(bridge, ports, again)
    .seeing(half)
    .plans({
      apply: ['ip -n lab link set dev b master br0', 'ip -n lab link set dev br0 mtu 1400'],
      undo: ['ip -n lab link delete dev br0'],
    })
  const theirs = { ...half, link: { ...br0, mac: '02:00:00:00:00:01' } }
  given(bridge, ports, again).seeing(theirs).conflicts('has mtu 1500')
  const { input } = given(bridge, ports)
  const how = { ...context, at: undefined, refused: true }
  expect(bridge.mine!(input, absent, half, how)).toBe(true)
  expect(bridge.mine!(input, absent, theirs, how)).toBe(false)
})

test.each([
  [{ link: { ...br0, name: 'br9' } }, 'link br0 in netns lab is called br9'],
  [{ carries: ['a', 'p9'] }, 'p9 stands on link br0 in netns lab'],
  [{ link: { ...br0, params: { ...params, stp: true } } }, 'link br0 in netns lab has stp true, had false'],
  [{ link: { ...br0, mtu: 1300 } }, undefined],
])('says what others did to it: %j', (change, message) =>
  expect(
    bridge.drift!(given(bridge, ports).input, { ...there, carries: ['a'] }, { ...there, ...change }, context),
  ).toBe(message),
)

test.each([
  [{ ports: ['br0'] }, 'other links than the bridge itself'],
  [{ ports: ['a', 'a'] }, 'each port once'],
  [{ stp: true, forwardDelay: 1 }, '2 to 30 seconds'],
])('refuses %j', (input, message) => expect(() => given(bridge, { name: 'br0', ...input })).toThrow(message))

const cases = [
  { name: 'br0' },
  { name: 'br0', ports: ['a', 'b'] },
  { name: 'br0', netns: 'lab', ports: ['a0', 'b0'], mtu: 1350, stp: true, forwardDelay: 4 },
  { name: '-x', mac: '02:00:00:00:00:77', ports: ['b'], vlanFiltering: false },
]

test('creates bridges in the kernel, and releases their ports with their addresses and routes', async () => {
  const kernel = await lab()
  const before = await carriedFingerprint(kernel.exec)
  for (const input of cases) {
    const it = on(kernel, bridge, input)
    const seen = await it.apply()
    expect(await fingerprint(kernel.exec)).not.toEqual(before)
    expect(await it.observe()).toMatchObject({ carries: input.ports ?? [], link: { mac: input.mac ?? own } })
    await it.undo(seen)
    expect(await fingerprint(kernel.exec)).toEqual(before)
  }
})

test('keeps its MTU and mac when a smaller port with a lower mac comes later', async () => {
  const kernel = await lab()
  const it = on(kernel, bridge, { name: 'br0', ports: ['a'], mtu: 1450 })
  await it.apply()
  await kernel.sh('ip link set dev b mtu 1300 master br0')
  expect((await it.observe()).link).toMatchObject({ mac: own, mtu: 1450 })
  expect(await it.plan()).toEqual({ apply: [], undo: [] })
})

/** Two veths from the host into netns lab, up, with an address and a route over one of them. */
async function lab(): Promise<Kernel> {
  const kernel = await privateKernel()
  for (const line of [
    'ip netns add lab',
    ...['a', 'b'].flatMap((it, at) => [
      `ip link add name ${it} address 02:00:00:00:00:0${at} type veth peer name ${it}0 netns lab`,
      `ip link set dev ${it} addrgenmode none up`,
      `ip -n lab link set dev ${it}0 addrgenmode none up`,
    ]),
    'ip link set dev a mtu 1400',
    'ip address add 10.4.0.1/24 dev a',
    'ip address add fd00::1/64 dev a nodad',
    'ip route add 10.9.0.0/16 via 10.4.0.2',
  ])
    await kernel.sh(line)
  return kernel
}
