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
  readonly links: { name: string; netns: string | undefined; up: boolean; addresses: number }[]
  readonly chains: { readonly chain: string; readonly netns: string | undefined }[]
  readonly tables: { readonly table: string; readonly netns: string | undefined }[]
  readonly looped: (string | undefined)[]
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
    return link && { uses: 'link', link: link.name, netns: link.netns, ...change }
  },
  move(model: Model, { a, b }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    const target = pick(model.netns, b)
    if (!link || target === undefined || link.netns === target || link.addresses > 0) return undefined
    const from = link.netns
    link.netns = target
    link.up = false
    return { uses: 'link', link: link.name, netns: from, moveTo: target }
  },
  route(model: Model, { a, b, c }: Draw): Fields | undefined {
    const link = pick(model.links, a)
    const to = `10.${100 + (b % 3)}.0.0/16`
    const metric = pick([undefined, 50], b)
    if (!link?.up || c % 2 === 0)
      return { to, type: pick(['blackhole', 'unreachable'], c), netns: place(model, a), metric }
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
  check(model: Model, { a }: Draw): Fields {
    return { ping: '127.0.0.1', count: 1, within: 0, netns: pick(model.looped, a) }
  },
}

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
