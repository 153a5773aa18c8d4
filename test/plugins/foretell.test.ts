import { expect, test } from 'vitest'
import { builtinSteps } from '../../library/builtin.ts'
import type { Json } from '../../core/json.ts'
import type { Earlier } from '../../core/step.ts'
import { bare } from '../../plugins/lib/addr-state.ts'
import { nothing } from '../../plugins/lib/link-state.ts'
import { macOf } from '../../plugins/lib/own-mac.ts'
import { context, given } from '../support/given.ts'

type Asked = readonly [uses: string, input: { readonly [field: string]: unknown }]

const typed = new Map(builtinSteps.map((step) => [step.type, step]))

const earlier = ([uses, raw]: Asked): Earlier => {
  const { input } = given(typed.get(uses)!, raw)
  return { ...context, step: 's0', uses, input, resources: typed.get(uses)!.resources(input) }
}

const foretell = ([uses, raw]: Asked, state: unknown, before: Asked): unknown => {
  const step = typed.get(uses)!
  return step.foretell!(given(step, raw).input, state as Json, earlier(before))
}

const veth: Asked = ['veth', { name: 'v0', peer: { name: 'v1', netns: 'blue' } }]
const link = (name: string, change: object): Asked => ['link', { link: name, ...change }]
const sysctl = (key: string, value: number | string): Asked => ['sysctl', { key, value }]

const port = { ifindex: 3, kind: 'veth', up: true, mtu: 1500, mac: '02:00:00:00:00:01', alias: '', master: null }
const lo = { ...port, ifindex: 1, kind: 'device', mac: '00:00:00:00:00:00' }
const bridge = { kind: 'bridge', mac: '02:00:00:00:00:09', mtu: 1500, otherMac: null, otherMtu: null }
const six = [['fd00::1/64'], ['fe80::7/64', 'nodad']]

test.each<readonly [string, Asked, object, Asked, object | undefined]>([
  [
    'an address brings the loopback address',
    link('lo', { state: 'up' }),
    { ...nothing, link: lo, loopback: false },
    ['addr', { link: 'lo', address: '127.0.0.1/8' }],
    { loopback: true },
  ],
  [
    'switching IPv6 off for all links drops the addresses of this one',
    link('va', { state: 'down' }),
    {
      ...nothing,
      link: port,
      addresses: six,
      routes: [
        ['-6', 'unicast', 'default'],
        ['-4', 'unicast', 'default'],
      ],
    },
    sysctl('net.ipv6.conf.all.disable_ipv6', 1),
    { addresses: [], routes: [['-4', 'unicast', 'default']] },
  ],
  [
    'a link-local address stands before the others',
    link('va', { state: 'down' }),
    { ...nothing, link: port, addresses: [['fe80::7/64'], ['fd00::1/64']] },
    ['addr', { link: 'va', address: 'fe80::8/64', nodad: true }],
    { addresses: [['fe80::7/64'], ['fe80::8/64', 'nodad'], ['fd00::1/64']] },
  ],
  [
    'another link may be a port of the bridge',
    link('va', { master: 'br0' }),
    { ...nothing, link: port, bridge },
    link('vb', { mac: '02:00:00:00:00:02' }),
    undefined,
  ],
  [
    'another link that goes up leaves the bridge as it is',
    link('va', { master: 'br0' }),
    { ...nothing, link: port, bridge },
    link('vb', { state: 'up' }),
    { bridge },
  ],
  [
    'an MTU below 1280 takes the sysctls of IPv6 only',
    link('va', { mtu: 1000 }),
    { ...nothing, link: port, sysctls: { 'net/ipv4/conf/va/rp_filter': '2', 'net/ipv6/conf/va/accept_ra': '0' } },
    link('va', { mtu: 900 }),
    { sysctls: { 'net/ipv4/conf/va/rp_filter': '2' } },
  ],
])('a link: %s', (_, asked, state, before, expected) => expectForetold(asked, state, before, expected))

const off = {
  value: '0',
  fault: null,
  near: [],
  exceptions: {},
  links: ['lo'],
  linkLocals: [],
  addresses: [],
  routes: [],
}
const odd = (path: string, value: string): object => ({ ...off, exceptions: { [`net/ipv4/conf/${path}`]: value } })

test.each<readonly [string, Asked, object, Asked, object | undefined]>([
  [
    'a new link begins as the default says, which is not as all others',
    sysctl('net.ipv4.ip_forward', 1),
    odd('default/forwarding', '1'),
    veth,
    {
      links: ['lo', 'v0'],
      exceptions: { 'net/ipv4/conf/default/forwarding': '1', 'net/ipv4/conf/v0/forwarding': '1' },
    },
  ],
  [
    'a new link begins as all others are',
    sysctl('net.ipv4.ip_forward', 1),
    off,
    veth,
    { links: ['lo', 'v0'], exceptions: {} },
  ],
  [
    'what the default of a new link is, is not seen',
    sysctl('net.ipv6.conf.all.force_forwarding', 1),
    off,
    veth,
    undefined,
  ],
  [
    'a new link of less than 1280 bytes has no IPv6',
    sysctl('net.ipv6.conf.all.forwarding', 1),
    off,
    ['veth', { name: 'v0', mtu: 1000, peer: { name: 'v1' } }],
    undefined,
  ],
  [
    'the default is rewritten for new links too',
    sysctl('net.ipv4.conf.default.rp_filter', 1),
    off,
    veth,
    { links: ['lo', 'v0'] },
  ],
  [
    'setting it makes all links alike',
    sysctl('net.ipv4.ip_forward', 0),
    odd('lo/forwarding', '1'),
    sysctl('net.ipv4.ip_forward', 1),
    { value: '1', exceptions: {} },
  ],
  [
    'which links the default is not copied to, nobody knows',
    sysctl('net.ipv4.conf.default.rp_filter', 1),
    off,
    sysctl('net.ipv4.conf.default.rp_filter', 2),
    undefined,
  ],
  [
    'an address that would be dropped is not seen yet',
    sysctl('net.ipv6.conf.all.disable_ipv6', 1),
    off,
    ['addr', { link: 'va', address: 'fd00::1/64' }],
    undefined,
  ],
  [
    'an address of another link is none of its business',
    sysctl('net.ipv6.conf.vb.disable_ipv6', 1),
    off,
    ['addr', { link: 'va', address: 'fd00::1/64' }],
    off,
  ],
  [
    'a link that is moved away has it no more',
    sysctl('net.ipv4.ip_forward', 1),
    { ...odd('va/forwarding', '1'), links: ['lo', 'va'] },
    link('va', { moveTo: 'blue' }),
    { links: ['lo'], exceptions: {} },
  ],
])('a sysctl: %s', (_, asked, state, before, expected) => expectForetold(asked, state, before, expected))

const old = ['unicast', 'default', 'via', '10.0.0.9', 'dev', 'va', 'table', '254', 'proto', '3', 'scope', '0']

test.each<readonly [string, Asked, object, Asked, object | undefined]>([
  [
    'an address that the kernel makes such a route for',
    ['route', { to: '10.0.0.0/24', via: '10.9.0.1' }],
    { slot: [] },
    ['addr', { link: 'va', address: '10.0.0.1/24' }],
    undefined,
  ],
  [
    'an address in a prefix of its own',
    ['route', { to: 'default', via: '10.9.0.1' }],
    { slot: [] },
    ['addr', { link: 'va', address: '10.0.0.1/24' }],
    { slot: [] },
  ],
  [
    'the link of the route that is there goes down',
    ['route', { to: 'default', via: '10.9.0.1', dev: 'vb', replace: true }],
    { slot: [old] },
    link('va', { state: 'down' }),
    { slot: [] },
  ],
])('a route: %s', (_, asked, state, before, expected) => expectForetold(asked, state, before, expected))

test.each<readonly [string, Asked, object, Asked, object | undefined]>([
  [
    'the loopback device brings its own',
    ['addr', { link: 'lo', address: '127.0.0.1/8' }],
    { ...bare, link: [1, null] },
    link('lo', { state: 'up' }),
    undefined,
  ],
  [
    'a link-local one may come by itself',
    ['addr', { link: 'va', address: 'fe80::1/64' }],
    { ...bare, link: [3, port.mac] },
    link('va', { state: 'up' }),
    undefined,
  ],
  [
    'setting another link up',
    ['addr', { link: 'va', address: 'fe80::1/64' }],
    { ...bare, link: [3, port.mac] },
    link('vb', { state: 'up' }),
    { ...bare, link: [3, port.mac] },
  ],
])('an address: %s', (_, asked, state, before, expected) => expectForetold(asked, state, before, expected))

const made = { link: null, lower: null, ports: {}, carries: [], near: [] }
const brOfRun: Asked = ['bridge', { name: 'br0' }]
const brWithPorts: Asked = ['bridge', { name: 'br0', ports: ['va', 'vb'] }]
const stackedOn = (name: string, on: string, mtu = 1500) => ({ name, on, ifindex: 7, kind: 'vlan', mtu })
const upper: Asked = ['macvlan', { name: 'm0', link: 'va' }]
const seenBr = { name: 'br0', ifindex: 4, kind: 'bridge', mac: port.mac, mtu: 1500, master: null, over: null }
const oldBr = { ...made, link: { ...seenBr, begun: false, params: {} } }

test.each<readonly [string, Asked, object, Asked, object | undefined]>([
  [
    'a new link can be set up',
    link('br0', { state: 'up' }),
    { ...nothing, link: null },
    brOfRun,
    {
      link: { ...port, ifindex: 0, kind: 'bridge', up: false, mac: macOf('nsnet:r1/s0') },
    },
  ],
  [
    'what becomes of a new link that stands on the one whose MTU changes',
    link('va', { mtu: 1300 }),
    { ...nothing, link: port },
    upper,
    undefined,
  ],
  [
    'a new link stands on the one whose MTU is as it shall be',
    link('va', { mtu: 1500 }),
    { ...nothing, link: port },
    upper,
    { link: port },
  ],
  [
    'the lower link of one that stands on it gets another MTU',
    link('m0', { mtu: 1450 }),
    { ...nothing, on: 'va', link: { ...port, kind: 'macvlan', mtu: 1450 } },
    link('va', { mtu: 1300 }),
    { on: 'va', link: { ...port, kind: 'macvlan', mtu: 1300 } },
  ],
  [
    'another of the links that stand on it gets another MTU, and what is on that one',
    link('va', { mtu: 1400 }),
    { ...nothing, link: port, stacked: [stackedOn('v5', 'va'), stackedOn('m5', 'v5')] },
    link('v5', { mtu: 1450 }),
    { stacked: [stackedOn('v5', 'va', 1450), stackedOn('m5', 'v5', 1450)] },
  ],
  ['what only the kernel knows of it cannot be put back', link('m0', { mtu: 1300 }), nothing, upper, undefined],
  [
    'a new bridge takes a port',
    link('va', { master: 'br0' }),
    { ...nothing, link: port },
    brOfRun,
    {
      link: port,
      bridge: { ...bridge, fixed: true, mac: macOf('nsnet:r1/s0') },
    },
  ],
  [
    'what a bridge with ports looks like depends on them',
    link('vc', { master: 'br0' }),
    nothing,
    brWithPorts,
    { bridge: { kind: 'bridge', mac: macOf('nsnet:r1/s0'), fixed: true, mtu: 0, otherMac: '', otherMtu: 0 } },
  ],
  [
    'another port does not change the mac of a bridge that has its own',
    link('va', { master: 'br0' }),
    { ...nothing, link: port, bridge: { ...bridge, fixed: true } },
    link('vb', { master: 'br0', state: 'up' }),
    { bridge: { ...bridge, fixed: true, mtu: 0, otherMac: '', otherMtu: 0 } },
  ],
  [
    'a port of a new bridge can be set up',
    link('va', { state: 'up' }),
    { ...nothing, link: port },
    brWithPorts,
    {
      link: { ...port, master: 'br0' },
    },
  ],
  [
    'a port of a new bridge is not free',
    link('va', { moveTo: 'blue' }),
    { ...nothing, link: port },
    brWithPorts,
    undefined,
  ],
  ['an address of a new link', ['addr', { link: 'm0', address: '10.0.0.1/24' }], { ...bare, link: null }, upper, bare],
  [
    'new links are its ports',
    brWithPorts,
    { ...made, ports: { va: null } },
    ['veth', { name: 'vb', peer: { name: 'w' } }],
    {
      ports: { va: null, vb: null },
    },
  ],
  ['a new lower link', upper, made, ['veth', { name: 'va', peer: { name: 'w' } }], { lower: 0 }],
  ['a lower link in another netns', upper, made, ['veth', { name: 'va', netns: 'blue', peer: { name: 'w' } }], made],
  ['a lower link of a type that nobody knows', upper, made, ['veth', { name: 'm0', peer: { name: 'w' } }], undefined],
  ['a lower link that moves away', upper, { ...made, lower: 3 }, link('va', { moveTo: 'blue' }), { lower: null }],
  ['a port that comes later', brOfRun, oldBr, link('vz', { master: 'br0' }), { carries: ['vz'] }],
  ['a link that is put on it', ['bridge', { name: 'va' }], { ...oldBr }, upper, { carries: ['m0'] }],
  ['its MTU is set', brOfRun, oldBr, link('br0', { mtu: 1300 }), { link: { ...oldBr.link, mtu: 1300 } }],
  [
    'a port is taken by another bridge',
    brWithPorts,
    { ...made, ports: { va: null } },
    link('va', { master: 'br1' }),
    {
      ports: { va: 'br1' },
    },
  ],
  ['a new link of unknown MTU may have no IPv6', sysctl('net.ipv6.conf.all.forwarding', 1), off, upper, undefined],
  [
    'a new bridge begins as the default says',
    sysctl('net.ipv6.conf.all.forwarding', 1),
    off,
    brOfRun,
    {
      links: ['br0', 'lo'],
    },
  ],
])('links that steps make: %s', (_, asked, state, before, expected) => expectForetold(asked, state, before, expected))

test('a veth knows that a later bridge takes its end', () => {
  const end = { name: 'va', ifindex: 3, mac: port.mac, mtu: 1500, kind: 'veth', master: null }
  const state = { near: end, far: { ...end, name: 'w' }, paired: true }
  expect(foretell(['veth', { name: 'va', peer: { name: 'w' } }], state, brWithPorts)).toEqual({
    ...state,
    near: { ...end, master: 'br0' },
  })
})

function expectForetold(asked: Asked, state: object, before: Asked, expected: object | undefined): void {
  const foretold = foretell(asked, state, before) as { readonly [field: string]: unknown } | undefined
  const fields = Object.keys(expected ?? {})
  expect(foretold && Object.fromEntries(fields.map((field) => [field, foretold[field]]))).toEqual(expected)
}

test('a route that an earlier step makes is put back as that step made it', () => {
  const { type, undo } = typed.get('route')!
  const [first, second] = [
    { to: 'default', via: '10.0.0.9' },
    { to: 'default', via: '10.0.0.8', replace: true },
  ]
  const before = foretell([type, second], { slot: [] }, [type, first]) as Json
  const { input } = given(typed.get(type)!, second)
  const argvOf = (now: readonly string[]) =>
    undo!(input, before, { slot: [now] }, context).map(({ argv }) => argv.join(' '))
  expect(argvOf(old.with(3, '10.0.0.8'))).toEqual(['ip route replace unicast default via 10.0.0.9'])
  expect(argvOf(old)).toEqual([])
  for (const more of [
    ['src', '10.0.0.1'],
    ['mtu', 'lock', '1400'],
  ])
    expect(argvOf([...old, ...more])).toHaveLength(1)
  expect(argvOf(old.with(9, '4'))).toHaveLength(1)
})

const attempt = { ...context, at: undefined, refused: false }

test('a link that the run has made itself is not known by more than its name, and what is on it may be ours', () => {
  const mine = ([uses, raw]: Asked, before: unknown, now: unknown) =>
    typed.get(uses)!.mine!(given(typed.get(uses)!, raw).input, before as Json, now as Json, attempt)
  const address: Asked = ['addr', { link: 'v0', address: '10.0.0.1/24' }]
  const up = link('v0', { state: 'up' })
  expect(mine(address, bare, { ...bare, link: [7, port.mac] })).toBe(true)
  expect(mine(address, { ...bare, link: [6, port.mac] }, { ...bare, link: [7, port.mac] })).toBe(false)
  expect(mine(up, { ...nothing, link: { ...port, ifindex: 0 } }, { ...nothing, link: port })).toBe(true)
  expect(
    mine(up, { ...nothing, link: { ...port, ifindex: 0, mac: '02:00:00:00:00:02' } }, { ...nothing, link: port }),
  ).toBe(false)
  expect(mine(up, { ...nothing, link: { ...port, ifindex: 2 } }, { ...nothing, link: port })).toBe(false)
})

test('a value that an earlier step sets is there as soon as the kernel has it, however it prints it', () => {
  const memory = sysctl('net.ipv4.tcp_rmem', '4096 131072 6291456')
  const before = foretell(sysctl('net.ipv4.tcp_rmem', '1 2 3'), off, memory) as Json
  const { undo, input } = { ...typed.get('sysctl')!, ...given(typed.get('sysctl')!, memory[1]) }
  expect(undo!(input, before, { ...off, value: '4096\t131072\t6291456' }, context)).toEqual([])
  expect(undo!(input, before, { ...off, value: '1\t2\t3' }, context)).toHaveLength(1)
})
