import { describe, expect, test } from 'vitest'
import { HOST_NETNS } from '../../core/command.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import type { Json } from '../../core/json.ts'
import type { Step } from '../../core/step.ts'
import { builtinSteps } from '../../library/builtin.ts'
import { macOf } from '../../plugins/lib/own-mac.ts'
import type { MadeState } from '../../plugins/lib/maker.ts'
import { on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { kernelHas } from '../support/kinds.ts'
import { carriedFingerprint, privateKernel, type Kernel } from '../support/kernel.ts'

const stepOf = (type: string) => builtinSteps.find((step) => step.type === type)! as unknown as Step<unknown, MadeState>

const own = macOf('nsnet:r1/s1')
const absent: MadeState = { link: null, lower: 3, ports: {}, carries: [], near: [] }

test.each<readonly [string, object, string]>([
  ['dummy', { name: 'd0', netns: 'lab', mtu: 9000 }, `ip -n lab link add name d0 address ${own} mtu 9000 type dummy`],
  ['vlan', { name: 'v5', link: 'e0', id: 5 }, 'ip link add link e0 name v5 type vlan protocol 802.1Q id 5'],
  [
    'vlan',
    { name: 'v5', netns: 'a', link: 'e0', linkNetns: 'b', id: 4094, protocol: '802.1ad', mac: '02:00:00:00:00:01' },
    'ip -n b link add link e0 name v5 netns a address 02:00:00:00:00:01 type vlan protocol 802.1ad id 4094',
  ],
  [
    'macvlan',
    { name: 'm0', netns: 'lab', link: 'e0' },
    `ip link add link e0 name m0 netns lab address ${own} type macvlan mode bridge`,
  ],
  ['macvlan', { name: 'm0', link: 'e0', mode: 'passthru' }, 'ip link add link e0 name m0 type macvlan mode passthru'],
  [
    'ipvlan',
    { name: 'i0', link: 'e0', linkNetns: 'lab', mode: 'l3s' },
    `ip -n lab link add link e0 name i0 netns ${HOST_NETNS} type ipvlan mode l3s`,
  ],
  [
    'vxlan',
    { name: 'x0', netns: 'lab', id: 42, remote: 'FD00::2', local: 'fd00::1', link: 'e0', learning: false },
    `ip link add name x0 netns lab address ${own} type vxlan id 42 remote fd00::2 local fd00::1 dev e0 dstport 4789 nolearning`,
  ],
  [
    'vxlan',
    { name: 'x0', netns: 'lab', linkNetns: 'lab', id: 0, group: '239.1.1.1', link: 'e0', port: 8472, mtu: 1400 },
    `ip -n lab link add name x0 address ${own} mtu 1400 type vxlan id 0 group 239.1.1.1 dev e0 dstport 8472`,
  ],
  ['tun', { name: 't0', netns: 'lab', mode: 'tun' }, 'ip -n lab tuntap add dev t0 mode tun'],
])('%s %j', (type, input, command) => {
  const { name, netns } = input as { name: string; netns?: string }
  const undo = `ip ${netns === undefined ? '' : `-n ${netns} `}link delete dev ${name}`
  given(stepOf(type), input)
    .seeing(absent)
    .plans({ apply: [command], undo: [undo] })
})

test('sets mac and MTU of a tap right after it is made', () =>
  given(stepOf('tun'), { name: 't0', mode: 'tap', mac: '02:00:00:00:00:01', mtu: 1400, user: '1000', group: 'lab' })
    .seeing(absent)
    .plans({
      apply: [
        'ip tuntap add dev t0 mode tap user 1000 group lab',
        'ip link set dev t0 address 02:00:00:00:00:01 mtu 1400',
      ],
      undo: ['ip link delete dev t0'],
    }))

test.each<readonly [string, object, string]>([
  ['vlan', { link: 'e0', id: 4095 }, 'from 1 to 4094'],
  ['vlan', { id: 5 }, 'link'],
  ['macvlan', { link: 'e0', mode: 'passthru', mac: '02:00:00:00:00:01' }, 'expected no mac'],
  ['vxlan', { id: 16_777_216 }, 'from 0 to 16777215'],
  ['vxlan', { id: 1, remote: '239.1.1.1' }, 'expected a unicast address'],
  ['vxlan', { id: 1, group: '239.1.1.1' }, 'expected a link with'],
  ['vxlan', { id: 1, group: '10.0.0.1', link: 'e0' }, 'expected a multicast address'],
  ['vxlan', { id: 1, remote: '10.0.0.2', local: 'fd00::1' }, 'expected an IPv4 address'],
  ['vxlan', { id: 1, remote: '10.0.0.2', group: '239.1.1.1', link: 'e0' }, 'either'],
  ['tun', { mode: 'tun', mac: '02:00:00:00:00:01' }, 'expected no mac'],
  ['tun', { mode: 'tap', mtu: 65_535 }, 'from 68 to 65521'],
  ['tun', { mode: 'tap', user: '-x' }, 'a name or a number'],
])('%s refuses %j', (type, input, message) =>
  expect(() => given(stepOf(type), { name: 'l0', ...input })).toThrow(message),
)

test('says where a lower link is looked for when it is not there', () => {
  const { input } = given(stepOf('macvlan'), { name: 'm0', netns: 'lab', link: 'e0' })
  expect(stepOf('macvlan').plan(input, { ...absent, lower: null }, context)).toEqual({
    conflict: 'link e0 does not exist in the host',
    hint: 'where is it? "linkNetns" names its netns, and without it the one that nsnet runs in is meant',
  })
})

/** What `ip -json -details address show` prints of a link of a kind that not every kernel has. */
const printed = (kind: string, data: object, more: object = {}) =>
  JSON.stringify([
    { ifindex: 2, ifname: 'e0', flags: [], mtu: 1500, address: '02:00:00:00:00:09' },
    {
      ifindex: 5,
      link: 'e0',
      ifname: 'l0',
      flags: [],
      mtu: 1500,
      group: 'default',
      address: '02:00:00:00:00:09',
      linkinfo: { info_kind: kind, info_data: data },
      ...more,
    },
  ])

test.each<readonly [string, object, string, object]>([
  ['vlan', { link: 'e0', id: 5 }, 'vlan', { protocol: '802.1Q', id: 5, flags: ['REORDER_HDR'] }],
  ['ipvlan', { link: 'e0', mode: 'l3' }, 'ipvlan', { mode: 'l3', mode_flag: 'bridge' }],
  ['dummy', { mac: '02:00:00:00:00:09' }, 'dummy', {}],
])('%s %j is satisfied with what is there, and not with another', (type, input, kind, data) => {
  const it = given(stepOf(type), { name: 'l0', ...input })
  it.seeing(it.observes(printed(kind, data))).isSatisfied()
  it.seeing(it.observes(printed(kind, { ...data, mode: 'l2', id: 6 }, { address: '02:00:00:00:00:08' }))).conflicts(
    /has (id 6, expected 5|mode l2, expected l3|mac 02:00:00:00:00:08, expected 02:00:00:00:00:09)/,
  )
  it.seeing(it.observes(printed('veth', {}))).conflicts(`expected a ${kind}, got link l0 in the host of kind veth`)
})

const onKernel: readonly (readonly [string, object])[] = [
  ['dummy', { name: 'l0', mtu: 1400 }],
  ['vlan', { name: 'l0', netns: 'lab', link: 'e0', id: 5 }],
  ['ipvlan', { name: 'l0', netns: 'lab', link: 'e0' }],
  ['macvlan', { name: 'l0', link: 'e0' }],
  ['macvlan', { name: 'l0', netns: 'lab', link: 'e0', mode: 'private', mtu: 1400 }],
  ['macvlan', { name: 'l0', netns: 'lab', link: 'f0', linkNetns: 'lab', mode: 'vepa', mac: '02:00:00:00:00:77' }],
  ['macvlan', { name: '-x', netns: 'other', link: 'f0', linkNetns: 'lab' }],
  ['macvlan', { name: 'l0', link: 'e0', mode: 'passthru' }],
  ['vxlan', { name: 'l0', id: 42 }],
  ['vxlan', { name: 'l0', netns: 'lab', id: 42, remote: '10.4.0.2', local: '10.4.0.1', link: 'e0', learning: false }],
  ['vxlan', { name: 'l0', netns: 'lab', linkNetns: 'lab', id: 0, group: '239.1.1.1', link: 'f0', mtu: 1300 }],
  ['vxlan', { name: 'l0', id: 7, remote: 'fd00::2', port: 8472 }],
  ['tun', { name: 'l0', mode: 'tun' }],
  ['tun', { name: 'l0', netns: 'lab', mode: 'tap', mac: '02:00:00:00:00:77', mtu: 1400, user: '65534', group: 'root' }],
  ['tun', { name: 'l0', mode: 'tap', user: 'nobody' }],
]

describe('on the kernel', () => {
  for (const type of new Set(onKernel.map(([it]) => it)))
    test.skipIf(!kernelHas(type))(`${type} is created, found again and deleted, and nothing else changes`, async () => {
      const kernel = await lab()
      const before = await carriedFingerprint(kernel.exec)
      for (const [, input] of onKernel.filter(([it]) => it === type)) {
        const it = on(kernel, stepOf(type), input)
        const seen = await it.apply()
        expect({ input, link: seen.link }).toEqual({ input, link: null })
        const other = on(kernel, stepOf(type), input, { ...context, run: 'r2' })
        expect(await other.plan(), 'of another run').toMatchObject({ apply: [] })
        await it.undo(seen)
        expect({ input, ...(await fingerprint(kernel.exec)) }).toEqual({ input, ...before })
      }
    })

  test('a link of that name with other parameters is in the way', async () => {
    const kernel = await lab()
    await kernel.sh('ip link add name l0 address 02:00:00:00:00:01 type vxlan id 41 dstport 4789')
    const conflictOf = async (type: string, input: object) =>
      (await on(kernel, stepOf(type), { name: 'l0', ...input }).plan()).conflict
    expect(await conflictOf('vxlan', { id: 42 })).toBe('link l0 in the host has id 41, expected 42')
    expect(await conflictOf('vxlan', { id: 41, remote: '10.4.0.2' })).toMatch('has remote none, expected 10.4.0.2')
    expect(await conflictOf('vxlan', { id: 41, mac: '02:00:00:00:00:02' })).toMatch('has mac 02:00:00:00:00:01')
    expect(await conflictOf('vxlan', { id: 41, link: 'e0' })).toMatch('has link none, expected e0')
    expect(await conflictOf('macvlan', { link: 'e0' })).toMatch(
      'expected a macvlan, got link l0 in the host of kind vxlan',
    )
  })

  test('a link that others put on it, or renamed, is told', async () => {
    const kernel = await lab()
    const step = stepOf('vxlan')
    const it = on(kernel, step, { name: 'l0', id: 42 })
    const before = await it.apply()
    const after = await it.observe()
    const { input } = given(step, { name: 'l0', id: 42 })
    await kernel.sh('ip link add name up0 link l0 type macvlan')
    expect(step.drift!(input, after, await it.observe(), context)).toBe('up0 stands on link l0 in the host')
    await kernel.sh('ip link delete dev up0')
    await kernel.sh('ip link set dev l0 name l9')
    expect(step.drift!(input, after, await it.observe(), context)).toBe('link l0 in the host is called l9')
    await it.undo(before)
    expect(await kernel.sh('ip -json link show')).not.toContain('l9')
  })
})

test('after a kill, only what has the marks of this very step is its own', () => {
  const how = { ...context, at: undefined, refused: false }
  const mine = (type: string, input: object, link: object, refused = false) => {
    const step = stepOf(type)
    const seen = { ...absent, link: { ...link, name: 'l0', begun: false } } as unknown as MadeState
    return step.mine!(given(step, { name: 'l0', ...input }).input, absent, seen, { ...how, refused })
  }
  expect(mine('vxlan', { id: 1 }, { mac: own })).toBe(true)
  expect(mine('vxlan', { id: 1 }, { mac: '02:00:00:00:00:01' })).toBe(false)
  expect(mine('tun', { mode: 'tun' }, { mac: '' })).toBe(true)
  expect(mine('tun', { mode: 'tun' }, { mac: '' }, true)).toBe(false)
  expect(mine('wireguard', wireguard, { mac: '' }, true)).toBe(false)
})

const wireguard: { readonly [field: string]: Json } = { privateKey: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=' }

/** A host with e0 and a netns lab with f0 that are up, and another netns. */
async function lab(): Promise<Kernel> {
  const kernel = await privateKernel()
  for (const line of [
    'ip netns add lab',
    'ip netns add other',
    'ip link add name e0 address 02:00:00:00:00:01 type veth peer name f0 netns lab address 02:00:00:00:00:02',
    'ip link set dev e0 addrgenmode none up',
    'ip -n lab link set dev f0 addrgenmode none up',
    'ip address add 10.4.0.1/24 dev e0',
  ])
    await kernel.sh(line)
  return kernel
}
