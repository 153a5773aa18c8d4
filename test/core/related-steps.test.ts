import { expect, test } from 'vitest'
import { builtinSteps } from '../../library/builtin.ts'
import { relatedSteps } from '../../core/effects/related-steps.ts'
import type { Json } from '../../core/json.ts'
import { linkKey, type Resources } from '../../core/resource.ts'
import type { Earlier, Step } from '../../core/step.ts'
import { context, given, printed } from '../support/given.ts'

type Asked = readonly [uses: string, input: { readonly [field: string]: unknown }]

const typed = new Map(builtinSteps.map((step) => [step.type, step]))

const earlierOf = ([uses, raw]: Asked, at: number): Earlier => {
  const { input } = given(typed.get(uses)!, raw)
  return { ...context, step: `s${at}`, uses, input, resources: typed.get(uses)!.resources(input) }
}

/** The steps that give one of many netns access to the internet. */
const internetOf = (at: number): readonly Asked[] => [
  ['netns', { netns: `n${at}` }],
  ['veth', { name: `h${at}`, peer: { name: `p${at}`, netns: `n${at}` } }],
  ['addr', { link: `h${at}`, address: `10.0.${at}.1/24` }],
  ['link', { link: `h${at}`, state: 'up' }],
  ['addr', { netns: `n${at}`, link: `p${at}`, address: `10.0.${at}.2/24` }],
  ['link', { netns: `n${at}`, link: `p${at}`, state: 'up' }],
  ['link', { netns: `n${at}`, link: 'lo', state: 'up' }],
  ['route', { netns: `n${at}`, to: 'default', via: `10.0.${at}.1` }],
  ['iptables', { table: 'nat', chain: 'POSTROUTING', rule: `-s 10.0.${at}.0/24 -j MASQUERADE` }],
  ['iptables', { chain: 'FORWARD', rule: `-i h${at} -j ACCEPT` }],
  ['nftables', { family: 'inet', table: 'lab', chain: 'c', rule: `iifname "h${at}" accept` }],
]

/** Counts how often the types of the steps are asked what earlier steps do, while all are foretold in their order. */
function questionsFor(netns: number): number {
  const related = relatedSteps()
  let count = 0
  const counting = (step: Step): Step => ({
    ...step,
    foretell: (...args) => (count++, step.foretell!(...args)),
    ...(step.tally && { tally: { ...step.tally, add: (...args) => (count++, step.tally!.add(...args)) } }),
  })
  for (const [at, asked] of Array.from({ length: netns }, (_, i) => internetOf(i))
    .flat()
    .entries()) {
    const earlier = earlierOf(asked, at)
    const { input, resources } = earlier
    const step = typed.get(earlier.uses)!
    const seen = step.observe(printed(''), input, { ...context, outputs: [] })
    expect(related.foretell(counting(step), input, seen, resources)).not.toHaveProperty('stopped')
    related.add(earlier, at)
  }
  return count
}

test('asks each step about a few others, however many there are', () => {
  const few = questionsFor(20)
  expect(few).toBeLessThan(20 * 30)
  expect(questionsFor(200)).toBeLessThan(few * 11)
})

const rules: readonly Asked[] = [
  ['iptables', { chain: 'FORWARD', rule: '-i a -j ACCEPT' }],
  ['iptables', { chain: 'own' }],
  ['iptables', { chain: 'FORWARD', policy: 'DROP' }],
  ['iptables', { chain: 'own', rule: '-j DROP' }],
  ['iptables', { chain: 'INPUT', rule: '-j own' }],
  ['iptables', { chain: 'FORWARD', policy: 'ACCEPT' }],
  ['nftables', { ruleset: 'table inet lab { chain c { tcp dport 22 accept; } }' }],
  ['nftables', { family: 'inet', table: 'lab', chain: 'c', rule: 'tcp dport 80 accept' }],
]

/** What a step sees once the steps above are applied, added in this order. */
function afterRules([uses, raw]: Asked, order: (places: readonly number[]) => readonly number[]): unknown {
  const related = relatedSteps()
  for (const at of order([...rules.keys()])) related.add(earlierOf(rules[at]!, at), at)
  const { input, resources } = earlierOf([uses, raw], rules.length)
  const step = typed.get(uses)!
  return related.foretell(step, input, step.observe(printed(''), input, { ...context, outputs: [] }), resources)
}

const there = { table: true, chain: true, rest: true }

test.each<readonly [Asked, unknown]>([
  [
    ['iptables', { chain: 'FORWARD', policy: 'DROP' }],
    { state: { policy: 'ACCEPT', around: { chain: 'ACCEPT', rules: 1, users: 0, kernel: there } } },
  ],
  [
    ['iptables', { chain: 'own', rule: '-j ACCEPT' }],
    { state: { ours: null, around: { chain: '-', rules: 1, users: 1, same: null, kernel: there } } },
  ],
  [
    ['iptables', { chain: 'FORWARD', rule: '--in-interface a -j ACCEPT' }],
    { state: { around: { same: '-i a -j ACCEPT' } } },
  ],
  [
    ['iptables', { table: 'nat', chain: 'OUTPUT', rule: '-j ACCEPT' }],
    { state: { around: { rules: 0, kernel: { table: false, chain: false, rest: false } } } },
  ],
  [
    ['nftables', { family: 'inet', table: 'lab', chain: 'c', rule: 'tcp dport 80  accept' }],
    { state: { around: { table: '', chain: true, same: true, managed: false } } },
  ],
  [['nftables', { family: 'inet', table: 'lab', chain: 'd', rule: 'accept' }], { state: { around: { chain: false } } }],
  [
    ['nftables', { family: 'inet', table: 'lab', chain: 'c', rule: 'tcp dport 22 accept' }],
    { stopped: expect.anything() },
  ],
  [['nftables', { family: 'ip', table: 'filter', chain: 'FORWARD', rule: 'accept' }], { stopped: 's0' }],
])('sums up what many do to one table, in whatever order they are added: %j', (asked, expected) => {
  const foretold = afterRules(asked, (places) => places)
  expect(foretold).toMatchObject(expected as object)
  const { stopped: _, ...same } = foretold as { stopped?: string }
  expect(afterRules(asked, (places) => places.toReversed())).toMatchObject(same)
})

const plain = (foretell?: Step['foretell']): Step => ({
  type: 'plain',
  input: typed.get('netns')!.input,
  resources: () => ({}),
  probe: () => [],
  observe: () => null,
  plan: () => ({ apply: [], undo: [] }),
  ...(foretell && { foretell }),
})

const others: readonly Earlier[] = [
  { ...context, step: 'type', uses: 'plain', input: {}, resources: {} },
  earlierOf(['link', { link: 'a', state: 'up' }], 0),
  earlierOf(['addr', { link: 'a', netns: 'blue', address: '10.0.0.1/24' }], 1),
  earlierOf(['veth', { name: 'b', peer: { name: 'c', netns: 'green' } }], 2),
].map((step, at) => ({ ...step, step: `${at}` }))

/** The steps that a step of a plugin is asked about, and how it ends. */
function askedOf(resources: Resources, foretells: boolean): unknown {
  const [related, asked] = [relatedSteps(), [] as string[]]
  for (const [at, step] of others.entries()) related.add(step, at)
  const foretell = (_input: unknown, state: Json, { step }: Earlier): Json => (asked.push(step), state)
  const { stopped } = related.foretell(plain(foretells ? foretell : undefined), {}, null, resources)
  return { asked, stopped }
}

test('asks a plugin that does not say what it watches about all of its type, and all that happens in its netns', () => {
  expect(askedOf({ uses: [linkKey(undefined, 'z')] }, true)).toEqual({ asked: ['0', '1', '3'], stopped: undefined })
  expect(askedOf({ uses: [linkKey('blue', 'z')] }, true)).toEqual({ asked: ['0', '2'], stopped: undefined })
})

test('of a plugin that foretells nothing, nothing is known behind a step that changes what it names', () => {
  expect(askedOf({ uses: [linkKey(undefined, 'b')] }, false)).toEqual({ asked: [], stopped: '3' })
  expect(askedOf({ uses: [linkKey(undefined, 'a')] }, false)).toEqual({ asked: [], stopped: undefined })
})
