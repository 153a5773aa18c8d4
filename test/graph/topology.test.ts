import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { edgesOf, nameOf } from '../../cli/graph/edges.ts'
import type { Topology } from '../../cli/graph/model.ts'
import { topologyOf } from '../../cli/graph/topology.ts'
import { liesIn } from '../../core/net.ts'
import type { Sketch } from '../../core/sketch.ts'
import { z } from 'zod'
import { defineStep, nothingToDo } from '../../core/step.ts'
import { drawn, drawnSteps, sketched } from '../support/topology.ts'

/** The lines of a picture as text: `host/a === blue/b`, `blue/b -> host/a: default via 10.0.0.1`. */
const linesIn = (topology: Topology): readonly string[] =>
  edgesOf(topology).edges.map(({ kind, from, to, texts }) => {
    const line = { cable: '===', port: '---' }[kind as 'cable' | 'port'] ?? '->'
    return `${nameOf(from)} ${line} ${nameOf(to)}${texts.length > 0 ? `: ${texts.join(', ')}` : ''}`
  })

const namesIn = ({ boxes }: Topology): unknown =>
  boxes.map(({ netns, links }) => [netns, links.map(({ link }) => link)])

const cable = (link: string, netns: string, there = 'eth0'): readonly Sketch[] => [
  { draw: 'link', link, kind: 'veth', peer: { netns, link: there } },
  { draw: 'link', netns, link: there, kind: 'veth', peer: { link } },
]

const address = (link: string, text: string, netns?: string): Sketch => ({
  draw: 'address',
  netns,
  link,
  address: text,
})

test('internet.json is a cable, a default route along it, and translation to the uplink', async () => {
  const topology = await drawn(readFileSync('workflows/internet.json', 'utf8'))
  expect(namesIn(topology)).toEqual([
    [null, ['veth-host', 'enp1s0']],
    ['ns1', ['veth-ns']],
  ])
  expect(linesIn(topology)).toEqual(
    [
      'host/veth-host === ns1/veth-ns',
      'host/enp1s0 -> internet',
      'host/veth-host -> host/enp1s0: masquerade 10.0.0.0/24',
      'ns1/veth-ns -> host/veth-host: default via 10.0.0.1',
    ].toSorted(byKind),
  )
  expect(topology.outside).toEqual(['enp1s0'])
  expect(topology.boxes[0]!.forwarding).toMatchObject([{ family: 'ipv4', steps: ['forwarding'] }])
  const { boxes } = await drawn(readFileSync('workflows/internet-nftables.json', 'utf8'))
  expect(boxes[0]!.translations).toMatchObject([{ ...topology.boxes[0]!.translations[0]!, steps: ['firewall'] }])
})

const rank = (line: string): number => ['===', '---', ': ', 'internet'].findIndex((sign) => line.includes(sign))

/** Cables first, then ports, arrows, and the way to the internet. */
function byKind(a: string, b: string): number {
  return rank(a) - rank(b)
}

test('a bridge gathers its ports, and routes go along each cable', () => {
  const spoke = (name: string, number: number): readonly Sketch[] => [
    { draw: 'netns', netns: name },
    ...cable(`v-${name}`, name),
    { draw: 'link', link: `v-${name}`, master: 'br0' },
    address('eth0', `10.9.0.${number}/24`, name),
    { draw: 'route', netns: name, to: 'default', via: '10.9.0.1' },
  ]
  const topology = sketched(...spoke('red', 2), ...spoke('blue', 3), address('br0', '10.9.0.1/24'))
  expect(topology.boxes[0]!.links.find(({ link }) => link === 'br0')).toMatchObject({ kind: 'bridge', steps: [] })
  expect(linesIn(topology)).toEqual([
    'host/v-red === red/eth0',
    'host/v-blue === blue/eth0',
    'host/v-red --- host/br0',
    'host/v-blue --- host/br0',
    'red/eth0 -> host/v-red: default via 10.9.0.1',
    'blue/eth0 -> host/v-blue: default via 10.9.0.1',
  ])
  expect(topology.boxes[1]!.routes[0]!.gateway).toEqual({ netns: null, link: 'br0' })
})

const defaultBy = (dev: string) => linesIn(sketched({ draw: 'route', to: 'default', via: '192.0.2.1', dev }))

describe('arrows', () => {
  test('a gateway that several links have is the one at the other end of the cable, else none', () => {
    const twice = [
      ...cable('a', 'red'),
      ...cable('b', 'blue'),
      address('a', '10.0.0.1/24'),
      address('b', '10.0.0.1/24'),
    ]
    const route: Sketch = { draw: 'route', netns: 'blue', to: 'default', via: '10.0.0.1' }
    const known = sketched(...twice, address('eth0', '10.0.0.2/24', 'blue'), route)
    expect(known.boxes.find(({ netns }) => netns === 'blue')!.routes[0]).toMatchObject({
      link: 'eth0',
      gateway: { netns: null, link: 'b' },
    })
    const unknown = sketched(...twice, route)
    expect(unknown.boxes.find(({ netns }) => netns === 'blue')!.routes[0]).toMatchObject({ link: null, gateway: null })
    expect(linesIn(unknown).filter((line) => line.includes('->'))).toEqual([])
  })

  test('a gateway that is no link of the picture has an arrow only by the uplink', () => {
    expect(defaultBy('enp1s0')).toEqual(['host/enp1s0 -> internet: default via 192.0.2.1'])
    expect(defaultBy('eth9')).toEqual([])
  })

  test('packets are translated that come from a network of the prefix', () => {
    const links = [address('a', '10.0.0.1/24'), address('b', '10.0.1.1/24'), address('c', '192.168.0.1/24')]
    const from = (of: string | undefined, link: string | undefined) =>
      linesIn(sketched(...links, { draw: 'translation', kind: 'masquerade', link, of })).filter((line) =>
        line.includes(':'),
      )
    expect(from('10.0.0.0/16', 'enp1s0')).toEqual([
      'host/a -> host/enp1s0: masquerade 10.0.0.0/16',
      'host/b -> host/enp1s0: masquerade 10.0.0.0/16',
    ])
    expect(from('10.0.0.7/32', 'enp1s0')).toEqual(['host/a -> host/enp1s0: masquerade 10.0.0.7/32'])
    expect(from(undefined, 'enp1s0')).toEqual(['host/enp1s0 -> internet: masquerade'])
    expect(from('10.0.0.0/16', undefined)).toEqual([])
    expect(from('everybody', 'enp1s0')).toEqual(['host/enp1s0 -> internet: masquerade everybody'])
  })

  test('packets that are led to an address go on by the link of its network', () => {
    const links = [...cable('a', 'red'), address('a', '10.0.0.1/24'), address('eth0', '10.0.0.2/24', 'red')]
    const to = (text: string) =>
      linesIn(sketched(...links, { draw: 'translation', kind: 'dnat', link: 'enp1s0', of: 'tcp 80', to: text })).at(1)
    expect(to('10.0.0.2:80')).toBe('host/enp1s0 -> host/a: dnat tcp 80 to 10.0.0.2:80')
    expect(to('10.0.0.2-10.0.0.9')).toBe('host/enp1s0 -> internet')
  })

  test.each([
    ['10.0.0.1/24', '10.0.0.0/24', true],
    ['10.0.0.0/16', '10.0.0.0/24', false],
    ['2001:db8::1', '2001:db8::/32', true],
    ['10.0.0.1', '2001:db8::/32', false],
    ['?', '10.0.0.0/24', false],
    ['10.0.0.1', '?', false],
  ])('%s lies in %s: %s', (text, network, lies) => expect(liesIn(text, network)).toBe(lies))
})

test('a link that is moved takes its addresses along, and its cable follows', () => {
  const topology = sketched(
    { draw: 'link', link: 'a', kind: 'veth', peer: { link: 'b' } },
    { draw: 'link', link: 'b', kind: 'veth', peer: { link: 'a' } },
    address('b', '10.0.0.2/24'),
    { draw: 'link', netns: 'red', link: 'b', from: {} },
    { draw: 'link', netns: 'red', link: 'unseen', from: {} },
  )
  expect(namesIn(topology)).toEqual([
    [null, ['a']],
    ['red', ['b', 'unseen']],
  ])
  expect(topology.boxes[1]!.links[0]).toMatchObject({ addresses: [{ address: '10.0.0.2/24' }], steps: ['s1', 's3'] })
  expect(linesIn(topology)).toEqual(['host/a === red/b'])
})

test('a bridge that is moved away from its ports has no lines to them', () => {
  const topology = sketched(
    { draw: 'link', link: 'port', master: 'br0' },
    { draw: 'link', netns: 'red', link: 'br0', from: {} },
  )
  expect(namesIn(topology)).toEqual([
    [null, ['port']],
    ['red', ['br0']],
  ])
  expect(linesIn(topology)).toEqual([])
})

test('names that objects inherit, and a netns that is named host, are names like others', () => {
  const topology = sketched(
    ...['host', 'constructor', '__proto__'].map((netns): Sketch => ({ draw: 'netns', netns })),
    address('__proto__', '10.0.0.1/24'),
    address('toString', '10.0.0.2/24', 'host'),
  )
  expect(namesIn(topology)).toEqual([
    [null, ['__proto__']],
    ['host', ['toString']],
    ['constructor', []],
    ['__proto__', []],
  ])
})

test('what is pending or drifted is marked, a link by whatever step it has', () => {
  const steps = [
    { id: 'made', sketches: cable('a', 'red'), pending: false },
    { id: 'addressed', sketches: [address('a', '10.0.0.1/24')], pending: true },
    { id: 'up', sketches: [{ draw: 'link', link: 'a', note: 'down' } as const], pending: true },
    { id: 'other', sketches: cable('c', 'blue'), pending: true },
  ]
  const drifted = new Map([['up', 'state: up → down']])
  const { boxes, cables, ...rest } = topologyOf(steps, {
    name: 'lab',
    run: { id: 'r1', state: 'failed' },
    uplink: '',
    drifted,
  })
  expect(boxes[0]!.links).toMatchObject([
    { link: 'a', pending: false, drifted: true, steps: ['made', 'up'], addresses: [{ pending: true, drifted: false }] },
    { link: 'c', pending: true, drifted: false },
  ])
  expect(cables).toMatchObject([
    { pending: false, drifted: true },
    { pending: true, drifted: false },
  ])
  expect(rest).toEqual({
    name: 'lab',
    run: { id: 'r1', state: 'failed' },
    outside: [],
    drifted: [{ step: 'up', text: 'state: up → down' }],
  })
})

describe('what is not known before the steps run', () => {
  /** A step type whose outputs only the kernel knows. */
  const oracle = defineStep({
    type: 'oracle',
    input: z.strictObject({}),
    resources: () => ({}),
    probe: () => ({ argv: ['true'] }),
    observe: () => ({ seen: 'x' }),
    plan: () => nothingToDo,
    outputs: { name: ({ seen }) => seen, other: ({ seen }) => seen, fixed: () => 'blue' },
  })
  const steps = (...list: readonly (readonly [string, object])[]) =>
    drawnSteps(
      [
        { id: 'o', uses: 'oracle', with: {} },
        ...list.map(([uses, input], at) => ({ id: `s${at}`, uses, with: input })),
      ],
      [oracle],
    )

  test('is drawn as ?, each unknown name as one of its own', async () => {
    const topology = await steps(
      ['netns', { netns: '${{ steps.o.outputs.name }}' }],
      ['netns', { netns: '${{ steps.o.outputs.other }}' }],
      ['addr', { netns: '${{ steps.o.outputs.name }}', link: 'a', address: '${{ steps.o.outputs.name }}' }],
      ['route', { to: '2001:db8::/32', via: '${{ steps.o.outputs.other }}' }],
      ['sysctl', { key: 'net.ipv4.ip_forward', value: '${{ steps.o.outputs.other }}' }],
    )
    const { jsonOf } = await import('../../cli/graph/json.ts')
    const { boxes } = JSON.parse(jsonOf(topology)) as Topology
    expect(boxes.map(({ netns }) => netns)).toEqual([null, '?', '?1'])
    expect(boxes[1]!.links).toMatchObject([{ link: 'a', addresses: [{ address: '?' }] }])
    expect(boxes[0]!.routes).toMatchObject([{ to: '2001:db8::/32', via: '?', gateway: null }])
    expect(boxes[0]!.forwarding).toEqual([])
    expect(boxes[0]!.notes.map(({ text }) => text)).toEqual(['o (oracle)', 'net.ipv4.ip_forward = ?1'])
  })

  test('is known where an input decides an output by itself', async () => {
    const topology = await steps(
      ['addr', { link: 'a', address: '10.1.0.1/24' }],
      ['netns', { netns: '${{ steps.o.outputs.fixed }}' }],
      ['netns', { netns: 'x' }],
      [
        'addr',
        { netns: '${{ steps.s2.outputs.netns }}', link: 'b', address: '${{ address(steps.s0.outputs.prefix, 7) }}' },
      ],
    )
    expect(topology.boxes.map(({ netns }) => netns)).toEqual([null, 'blue', 'x'])
    expect(topology.boxes[2]!.links).toMatchObject([{ link: 'b', addresses: [{ address: '10.1.0.7/24' }] }])
  })

  test('is a note where no stand-in fits', async () => {
    const topology = await steps([
      'route',
      { to: '${{ steps.o.outputs.name }}', via: '10.0.0.1', dev: 'a', table: '${{ steps.o.outputs.name + "!" }}' },
    ])
    expect(topology.boxes[0]!.notes.map(({ text }) => text)).toEqual([
      'o (oracle)',
      's0 (route): not known before it runs',
    ])
  })
})

test('a step type without a sketch, and one that breaks in it, is a note where it works', async () => {
  const base = {
    input: z.strictObject({ netns: z.string().optional() }),
    resources: ({ netns }: { readonly netns?: string | undefined }) => ({
      uses: netns === undefined ? [] : [`netns:${netns}` as const],
    }),
    probe: () => ({ argv: ['true'] }),
    observe: () => ({}),
    plan: () => nothingToDo,
  }
  const silent = defineStep({ ...base, type: 'silent' })
  const broken = defineStep({
    ...base,
    type: 'broken',
    sketch: () => {
      throw new Error('oh')
    },
  })
  const { boxes } = await drawnSteps(
    [
      { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
      { id: 'a', uses: 'silent', with: { netns: 'blue' } },
      { id: 'b', uses: 'broken', with: {} },
    ],
    [silent, broken],
  )
  expect(boxes.map(({ netns, notes }) => [netns, notes.map(({ text }) => text)])).toEqual([
    [null, ['b (broken): the step type "broken" broke in its "sketch": Error: oh']],
    ['blue', ['a (silent)']],
  ])
})
