import { describe, expect, test } from 'vitest'
import { builtinSteps } from '../../library/builtin.ts'
import { guarded, StepBroken } from '../../core/guard.ts'
import { isSketches, type Sketch } from '../../core/sketch.ts'
import { given } from '../support/given.ts'

const stepOf = (type: string) => builtinSteps.find((step) => step.type === type)!

const sketchesOf = (type: string, input: unknown): readonly Sketch[] => {
  const step = guarded(stepOf(type), undefined)
  return step.sketch!(given(step, input).input)
}

/** What a step draws without the fields that are not there. */
const plain = (sketches: readonly Sketch[]): unknown => JSON.parse(JSON.stringify(sketches))

test('every step that nsnet brings along draws', () =>
  expect(builtinSteps.filter(({ sketch }) => sketch === undefined).map(({ type }) => type)).toEqual([]))

test.each([
  ['netns', { netns: 'blue' }, [{ draw: 'netns', netns: 'blue' }]],
  [
    'veth',
    { name: 'a', peer: { name: 'b', netns: 'blue' } },
    [
      { draw: 'link', link: 'a', kind: 'veth', peer: { netns: 'blue', link: 'b' } },
      { draw: 'link', netns: 'blue', link: 'b', kind: 'veth', peer: { link: 'a' } },
    ],
  ],
  ['addr', { link: 'a', address: '2001:DB8::1/64' }, [{ draw: 'address', link: 'a', address: '2001:db8::1/64' }]],
  ['link', { link: 'lo', state: 'up' }, [{ draw: 'note', text: 'lo up' }]],
  ['link', { link: 'a', master: 'br0' }, [{ draw: 'link', link: 'a', master: 'br0' }]],
  [
    'link',
    { link: 'a', moveTo: 'blue', mtu: 1400, state: 'down' },
    [{ draw: 'link', netns: 'blue', link: 'a', note: 'down, mtu 1400', from: {} }],
  ],
  ['route', { to: 'default', via: '10.0.0.1' }, [{ draw: 'route', to: 'default', via: '10.0.0.1' }]],
  ['route', { to: '10.0.0.0/8', type: 'blackhole' }, [{ draw: 'note', text: 'route blackhole 10.0.0.0/8' }]],
  [
    'route',
    { to: 'default', via: '10.0.0.1', table: 100 },
    [{ draw: 'note', text: 'route default via 10.0.0.1 table 100' }],
  ],
  ['sysctl', { key: 'net.ipv4.ip_forward', value: 1 }, [{ draw: 'forwarding', family: 'ipv4' }]],
  ['sysctl', { key: 'net/ipv6/conf/all/forwarding', value: '1' }, [{ draw: 'forwarding', family: 'ipv6' }]],
  ['sysctl', { key: 'net.ipv4.ip_forward', value: 0 }, [{ draw: 'note', text: 'net.ipv4.ip_forward = 0' }]],
  [
    'rule',
    { from: '10.0.0.1', table: 100, priority: 5 },
    [{ draw: 'note', text: 'rule from 10.0.0.1/32 lookup 100 priority 5' }],
  ],
  [
    'neigh',
    { netns: 'blue', link: 'a', address: '10.0.0.1', mac: '02:00:00:00:00:01' },
    [{ draw: 'note', netns: 'blue', text: '10.0.0.1 is 02:00:00:00:00:01 on a' }],
  ],
  ['neigh', { link: 'a', address: '10.0.0.1', proxy: true }, [{ draw: 'note', text: 'a answers for 10.0.0.1' }]],
  ['qdisc', { link: 'a', kind: 'pfifo', limit: 9 }, [{ draw: 'link', link: 'a', note: 'pfifo limit 9' }]],
  [
    'nftset',
    { table: 't', name: 's', type: 'inet_service', elements: [22, '80'] },
    [{ draw: 'note', text: 'set s: 22, 80' }],
  ],
  [
    'dns',
    { netns: 'blue', nameservers: ['192.0.2.1'], hosts: { '10.0.0.1': ['gw'] } },
    [
      { draw: 'note', netns: 'blue', text: 'names by 192.0.2.1' },
      { draw: 'note', netns: 'blue', text: 'hosts gw' },
    ],
  ],
  ['file', { path: '/run/f', content: 'x' }, [{ draw: 'note', text: 'file /run/f' }]],
  ['wait', { netns: 'blue', link: 'a' }, [{ draw: 'note', netns: 'blue', text: 'wait for link a to have a carrier' }]],
  ['check', { netns: 'blue', ping: '1.1.1.1' }, [{ draw: 'check', netns: 'blue', by: 'ping', target: '1.1.1.1' }]],
  ['check', { tcp: '[::1]:22' }, [{ draw: 'check', by: 'tcp', target: '[::1]:22' }]],
])('%s %j', (type, input, sketches) => expect(plain(sketchesOf(type, input))).toEqual(sketches))

const nat = (chain: string, rule: string) => plain(sketchesOf('iptables', { table: 'nat', chain, rule }))

const note = (input: object) => (sketchesOf('iptables', input)[0] as { readonly text?: string }).text

describe('iptables', () => {
  test.each([
    ['-s 10.0.0.0/255.255.255.0 -o enp1s0 -j MASQUERADE', { kind: 'masquerade', link: 'enp1s0', of: '10.0.0.0/24' }],
    ['-j MASQUERADE -m comment --comment "a b"', { kind: 'masquerade' }],
    ['-o enp1s0 -j SNAT --to-source 192.0.2.1', { kind: 'snat', link: 'enp1s0', to: '192.0.2.1' }],
  ])('reads the translation %s', (rule, translation) =>
    expect(nat('POSTROUTING', rule)).toEqual([{ draw: 'translation', ...translation }]),
  )

  test('reads where packets are led to', () =>
    expect(nat('PREROUTING', '-i enp1s0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80')).toEqual([
      { draw: 'translation', kind: 'dnat', link: 'enp1s0', of: 'tcp 8080', to: '10.0.0.2:80' },
    ]))

  test.each([
    ['POSTROUTING', '! -s 10.0.0.0/24 -o enp1s0 -j MASQUERADE'],
    ['POSTROUTING', '-s 10.0.0.0/24 ! -d 10.0.0.0/24 -j MASQUERADE'],
    ['POSTROUTING', '-o eth+ -j MASQUERADE'],
    ['POSTROUTING', '-o enp1s0 -m mark --mark 1 -j MASQUERADE'],
    ['POSTROUTING', '-o enp1s0 -j own'],
    ['own', '-o enp1s0 -j MASQUERADE'],
    ['OUTPUT', '-p tcp --dport 80 -j DNAT --to-destination 10.0.0.2'],
  ])('leaves a rule of %s in its own words: %s', (chain, rule) =>
    expect(nat(chain, rule)).toEqual([{ draw: 'note', text: expect.stringContaining(`nat ${chain} `) }]),
  )

  test('tells rules, policies and chains apart', () => {
    expect(note({ chain: 'FORWARD', rule: '-i a -o b -j ACCEPT' })).toBe('FORWARD -i a -o b -j ACCEPT')
    expect(note({ chain: 'FORWARD', policy: 'DROP', family: 'ipv6' })).toBe('ip6tables FORWARD policy DROP')
    expect(note({ chain: 'own' })).toBe('chain own')
  })
})

const inTable = (chain: string, ...rules: readonly string[]) =>
  plain(
    sketchesOf('nftables', { ruleset: ['table inet lab {', `chain c { ${chain};`, ...rules, '}', '}'] }),
  ) as unknown[]

const ruleOf = (chain: string) => plain(sketchesOf('nftables', { table: 'lab', chain, rule: 'masquerade' }))

describe('nftables', () => {
  const post = 'type nat hook postrouting priority srcnat; policy accept'

  test.each([
    ['ip saddr 10.0.0.0/24 oifname "enp1s0" masquerade', { kind: 'masquerade', link: 'enp1s0', of: '10.0.0.0/24' }],
    ['oif enp1s0 ip saddr 10.0.0.0/24 counter masquerade', { kind: 'masquerade', link: 'enp1s0', of: '10.0.0.0/24' }],
    ['masquerade', { kind: 'masquerade' }],
    ['oifname "enp1s0" snat ip to 192.0.2.1', { kind: 'snat', link: 'enp1s0', to: '192.0.2.1' }],
  ])('reads the translation %s', (rule, translation) =>
    expect(inTable(post, rule)[1]).toEqual({ draw: 'translation', ...translation }),
  )

  test('reads where packets are led to', () =>
    expect(
      inTable('type nat hook prerouting priority -100', 'iifname "enp1s0" tcp dport 8080 dnat to 10.0.0.2:80')[1],
    ).toEqual({ draw: 'translation', kind: 'dnat', link: 'enp1s0', of: 'tcp 8080', to: '10.0.0.2:80' }))

  test.each([
    [post, 'oifname != "lo" masquerade'],
    [post, 'oifname { "a", "b" } masquerade'],
    [post, 'oifname "eth*" masquerade'],
    [post, 'ip saddr != 10.0.0.0/24 masquerade'],
    [post, 'ip saddr 10.0.0.0/24 ip daddr 10.0.1.0/24 masquerade'],
    [post, 'iifname "a" masquerade'],
    [post, 'meta mark 1 masquerade'],
    ['type filter hook forward priority 0; policy drop', 'oifname "enp1s0" accept'],
  ])('leaves a rule in its own words (%s): %s', (chain, rule) =>
    expect(inTable(chain, rule).at(-1)).toEqual({ draw: 'note', text: `c: ${rule}` }),
  )

  test('tells the table, a policy that drops, and what stands in sets from rules', () =>
    expect(
      plain(
        sketchesOf('nftables', {
          ruleset: `table ip lab {
            set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 }; }
            chain f { type filter hook forward priority 0; policy drop; ip saddr @s accept # why
              tcp dport { 22, 80 } accept; }
          }`,
        }),
      ),
    ).toEqual(
      ['nft table ip lab', 'f: policy drop', 'f: ip saddr @s accept', 'f: tcp dport { 22, 80 } accept'].map((text) => ({
        draw: 'note',
        text,
      })),
    ))

  test('takes the chain of a single rule by its usual name', () => {
    expect(ruleOf('postrouting')).toEqual([{ draw: 'translation', kind: 'masquerade' }])
    expect(ruleOf('other')).toEqual([{ draw: 'note', text: 'other: masquerade' }])
  })
})

test.each([
  [undefined, false],
  [
    [
      { draw: 'netns', netns: 'a' },
      { draw: 'forwarding', family: 'ipv4' },
    ],
    true,
  ],
  [[{ draw: 'link', link: 'a', from: {}, peer: { link: 'b' } }], true],
  [[{ draw: 'link', link: 'a', peer: 'b' }], false],
  [[{ draw: 'address', link: 'a' }], false],
  [[{ draw: 'address', link: 'a', address: '10.0.0.1/24', peer: '10.0.0.2' }], true],
  [[{ draw: 'route', to: 'default', via: 1 }], false],
  [[{ draw: 'translation', kind: 'other' }], false],
  [[{ draw: 'check', by: 'ping', target: 'x' }], true],
  [[{ draw: 'check', by: 'arp', target: 'x' }], false],
  [[{ draw: 'note', text: 'x', netns: 1 }], false],
  [[{ draw: 'toString' }], false],
  [[null], false],
])('%j are sketches: %s', (value, are) => expect(isSketches(value)).toBe(are))

test('a step type that draws something else breaks by its name', () => {
  const step = guarded({ ...stepOf('netns'), type: 'mine', sketch: () => [{ draw: 'star' }] as never }, undefined)
  expect(() => step.sketch!({})).toThrow(StepBroken)
  expect(() => step.sketch!({})).toThrow(/"mine" broke in its "sketch": .*expected a list of sketches/)
})
