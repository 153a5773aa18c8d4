import fc from 'fast-check'

/** A step of a workflow file. */
export interface StepText {
  readonly id: string
  readonly uses: string
  readonly with: { readonly [field: string]: unknown }
}

interface Draw {
  readonly kind: KindName
  readonly a: number
  readonly b: number
  readonly c: number
}

/** What the steps so far have made. */
interface Model {
  readonly netns: string[]
  readonly links: Link[]
  readonly chains: { readonly chain: string; readonly netns: string | undefined }[]
  readonly tables: { readonly table: string; readonly netns: string | undefined }[]
  readonly looped: (string | undefined)[]
}

interface Link {
  readonly name: string
  netns: string | undefined
  up: boolean
  addresses: number
  /** It stands on another link, or another one on it: then it stays where it is. */
  stacked?: 'port' | 'lower' | 'upper'
  hasQdisc?: boolean
}

function stepsOf(draws: readonly Draw[]): readonly StepText[] {
  const model: Model = { netns: [], links: [], chains: [], tables: [], looped: [undefined] }
  return draws.flatMap((draw, at) => {
    const made = kinds[draw.kind](model, draw)
    if (made === undefined) return []
    const { uses = draw.kind, ...given } = made
    return [{ id: `s${at}`, uses: String(uses), with: JSON.parse(JSON.stringify(given)) as StepText['with'] }]
  })
}

type Fields = { readonly uses?: string; readonly [field: string]: unknown }

const pick = <T>(list: readonly T[], number: number): T => list[number % list.length]!

const place = ({ netns }: Model, number: number): string | undefined => pick([undefined, ...netns], number)

const kinds = {
  netns(model: Model, { a }: Draw): Fields {
    const netns = pick(['red', 'green', 'blue'], a)
    if (!model.netns.includes(netns)) model.netns.push(netns)
    return { netns }
  },
  veth(model: Model, { a, b }: Draw): Fields | undefined {
    const count = model.links.length
    if (count > 6) return undefined
    const [near, far] = [place(model, a), place(model, b)]
    model.links.push({ name: `v${count}`, netns: near, up: false, addresses: 0 })
    model.links.push({ name: `v${count + 1}`, netns: far, up: false, addresses: 0 })
    return { name: `v${count}`, netns: near, peer: { name: `v${count + 1}`, netns: far } }
  },
  addr(model: Model, { a, b, c }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    if (!link) return undefined
    link.addresses += 1
    const host = 1 + (c % 9)
    const six = { address: `fd00:${1 + (b % 3)}::${host}/64`, nodad: true }
    return { link: link.name, netns: link.netns, ...(c % 3 === 0 ? six : { address: `10.${b % 3}.0.${host}/24` }) }
  },
  up(model: Model, { a }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    if (!link) return undefined
    link.up = true
    return { uses: 'link', link: link.name, netns: link.netns, state: 'up' }
  },
  down(model: Model, { a }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    if (!link) return undefined
    link.up = false
    return { uses: 'link', link: link.name, netns: link.netns, state: 'down' }
  },
  loopback(model: Model, { a }: Draw): Fields {
    const netns = place(model, a)
    model.looped.push(netns)
    return { uses: 'link', link: 'lo', netns, state: 'up' }
  },
  tune(model: Model, { a, b, c }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    const change = pick(
      [{ mtu: pick([1300, 1400, 9000], c) }, { alias: `alias ${c}` }, { mac: '02:00:00:00:00:07' }],
      b,
    )
    if (!link || (link.stacked && !('alias' in change))) return undefined
    return { uses: 'link', link: link.name, netns: link.netns, ...change }
  },
  move(model: Model, { a, b }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    const target = pick(model.netns, b)
    if (!link || link.stacked || target === undefined || link.netns === target || link.addresses > 0) return undefined
    const from = link.netns
    link.netns = target
    link.up = false
    return { uses: 'link', link: link.name, netns: from, moveTo: target }
  },
  route(model: Model, { a, b, c }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    const metric = pick([undefined, 50], b)
    if (!link?.up || c % 2 === 0) {
      const type = pick(['blackhole', 'unreachable'], b)
      return { to: `10.${100 + (b % 3)}.0.0/16`, type, netns: place(model, a), metric }
    }
    const to = `10.${110 + model.links.indexOf(link)}.0.0/16`
    return { to, dev: link.name, netns: link.netns, table: pick([undefined, 77], c), metric }
  },
  sysctl(model: Model, { a, b }: Draw): Fields {
    const [key, value] = pick(sysctls, a)
    return { key, value, netns: place(model, b) }
  },
  iptables(model: Model, { a, b, c }: Draw): Fields {
    const netns = place(model, a)
    const family = pick(['ipv4', 'ipv6'], b)
    const [table, chain, rule] = pick(rules, c)
    return { table, chain, rule, netns, family, position: c % 4 === 0 ? 1 : undefined }
  },
  policy(model: Model, { a, b }: Draw): Fields {
    const policy = pick(['ACCEPT', 'DROP'], a)
    return { uses: 'iptables', table: 'filter', chain: 'FORWARD', policy, netns: pick([...model.netns, undefined], b) }
  },
  chain(model: Model, { a, b, c }: Draw): Fields {
    const known = pick(model.chains, c)
    if (known && b % 2 === 0) return { uses: 'iptables', ...known, rule: `-s 10.${c % 9}.0.0/16 -j ACCEPT` }
    const made = { chain: `own-${a % 3}`, netns: place(model, b) }
    model.chains.push(made)
    return { uses: 'iptables', ...made }
  },
  nftables(model: Model, { a, b, c }: Draw): Fields {
    const known = pick(model.tables, c)
    if (known && b % 2 === 0) return { family: 'inet', chain: 'c', rule: `tcp dport ${1 + (c % 9)} accept`, ...known }
    const made = { table: `t${a % 3}`, netns: place(model, b) }
    model.tables.push(made)
    const chain = 'chain c { type filter hook forward priority 0; policy accept; ct state established accept; }'
    return { ruleset: `table inet ${made.table} { ${chain} }`, netns: made.netns }
  },
  bridge(model: Model, { a, b, c }: Draw): Fields {
    const netns = place(model, a)
    const name = nextName(model, 'b')
    const ports = model.links.filter(
      (link) => link.netns === netns && !link.stacked && /^(v.*[02468]|t\d+)$/.test(link.name),
    )
    const taken = ports.slice(0, b % 3)
    for (const port of taken) port.stacked = 'port'
    model.links.push({ name, netns, up: false, addresses: 0, stacked: 'upper' })
    return { name, netns, ports: taken.map((port) => port.name), stp: c % 2 === 0 ? true : undefined }
  },
  macvlan(model: Model, { a, b }: Draw): Fields | undefined {
    const lower = pick(
      model.links.filter(({ name, stacked }) => name.startsWith('v') && stacked !== 'port'),
      a,
    )
    if (!lower) return undefined
    lower.stacked = 'lower'
    const [name, netns] = [nextName(model, 'm'), place(model, b)]
    model.links.push({ name, netns, up: false, addresses: 0, stacked: 'upper' })
    return { name, netns, link: lower.name, linkNetns: lower.netns }
  },
  vxlan(model: Model, { a, b }: Draw): Fields {
    const [name, netns] = [nextName(model, 'x'), place(model, a)]
    model.links.push({ name, netns, up: false, addresses: 0, stacked: 'upper' })
    return { name, netns, id: model.links.length, remote: `10.9.0.${1 + (b % 9)}` }
  },
  tun(model: Model, { a, b }: Draw): Fields {
    const [name, netns, mode] = [nextName(model, b % 2 === 0 ? 't' : 'u'), place(model, a), b % 2 === 0 ? 'tap' : 'tun']
    model.links.push({ name, netns, up: false, addresses: 0, ...(mode === 'tun' ? { stacked: 'upper' as const } : {}) })
    return { name, netns, mode }
  },
  rule(model: Model, { a, b, c }: Draw): Fields {
    const priority = pick([undefined, 100, 200], b)
    return { netns: place(model, a), from: `10.${c % 5}.0.0/16`, priority, table: pick([77, 78], c) }
  },
  neigh(model: Model, { a, b }: Draw): Fields | undefined {
    const link = pick(
      model.links.filter(({ name, up }) => up && !name.startsWith('u')),
      a,
    )
    return link && { link: link.name, netns: link.netns, address: `10.8.0.${1 + (b % 9)}`, mac: '02:00:00:00:01:01' }
  },
  qdisc(model: Model, { a, b }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    if (!link || link.hasQdisc) return undefined
    link.hasQdisc = true
    const limits = [
      { kind: 'tbf', rate: '10mbit', burst: '32kb', latency: '400ms' },
      { kind: 'pfifo', limit: 99 },
    ]
    return { link: link.name, netns: link.netns, ...pick(limits, b) }
  },
  nftset(model: Model, { a, b, c }: Draw): Fields | undefined {
    const known = pick(model.tables, a)
    const elements = [`10.7.0.${1 + (c % 9)}`, `10.7.1.${1 + (c % 5)}`]
    return known && { ...known, family: 'inet', name: `set${b % 2}`, type: 'ipv4_addr', elements }
  },
  file(_: Model, { a }: Draw): Fields {
    const name = `random/${pick(['a', 'b', 'deep/c'], a)}`
    return { path: `/run/nsnet/${name}`, content: `${name}\n`, mode: pick([undefined, '0600'], a) }
  },
  dns(_: Model, { a }: Draw): Fields {
    return { netns: pick(['red', 'green', 'blue'], a), nameservers: ['192.0.2.1'], search: ['lab.example.org'] }
  },
  check(model: Model, { a }: Draw): Fields {
    return { ping: '127.0.0.1', count: 1, within: 0, netns: pick(model.looped, a) }
  },
}

const nextName = ({ links }: Model, letter: string): string => `${letter}${links.length}`

type KindName = keyof typeof kinds

/** Some kinds of steps come more often, for others need what they make. */
function kindName(): fc.Arbitrary<KindName> {
  const often: readonly KindName[] = ['netns', 'veth', 'addr', 'up']
  return fc.oneof(fc.constantFrom(...(Object.keys(kinds) as KindName[])), fc.constantFrom(...often))
}

const sysctls: readonly (readonly [string, string | number])[] = [
  ['net.ipv4.ip_forward', 1],
  ['net.ipv6.conf.all.forwarding', 1],
  ['net.ipv4.conf.all.rp_filter', 2],
  ['net.ipv4.conf.default.rp_filter', 1],
  ['net.ipv4.conf.lo.proxy_arp', 1],
  ['net.ipv4.ip_default_ttl', 70],
  ['net.ipv4.ip_local_port_range', '20000 30000'],
]

const rules: readonly (readonly [string, string, string])[] = [
  ['filter', 'FORWARD', '-i lo -j ACCEPT'],
  ['filter', 'INPUT', '-p tcp --dport 22 -j ACCEPT'],
  ['nat', 'POSTROUTING', '-o v0 -j MASQUERADE'],
  ['mangle', 'OUTPUT', '-p udp -j MARK --set-mark 7'],
]

/** Makes workflows of any order and mixture of steps in which every step can be done: all that it needs stands before it. */
export const workflows: fc.Arbitrary<readonly StepText[]> = fc
  .array(fc.record({ kind: kindName(), a: fc.nat(999), b: fc.nat(999), c: fc.nat(999) }), {
    minLength: 3,
    maxLength: 14,
  })
  .map(stepsOf)
  .filter((steps) => steps.length > 1)

/** What the link-local address of a link becomes when its mac changes while it is up, nobody can tell. */
export const isPredictable = (steps: readonly StepText[]): boolean =>
  !steps.some(
    ({ with: it }, at) =>
      'mac' in it &&
      steps.slice(0, at).some(({ with: other }) => other['link'] === it['link'] && other['state'] === 'up'),
  )
