import { z } from 'zod'
import { HOST_NETNS, inNetns, ip, type Command } from '../core/command.ts'
import { canonical, linkName, mac, mtu, netnsName } from '../core/net.ts'
import { equal } from '../core/json.ts'
import { inside, keyIn, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { didYouMean, kindOf, linkNamed, nearNames, parseLinks, place } from './lib/ip-json.ts'
import { isUp, parseSysctls, staticRoutes, sysctlPattern, type IpAddress, type IpLink } from './lib/ip-json.ts'

const changes = {
  state: z.enum(['up', 'down']).optional(),
  mtu: mtu.optional(),
  mac: mac.optional(),
  alias: z
    .string()
    .refine((text) => Buffer.byteLength(text) < 256 && !/[\x00-\x1f\x7f]/.test(text), {
      error: 'expected an alias of less than 256 bytes, without control characters',
    })
    .optional(),
  master: linkName.optional(),
  moveTo: netnsName.optional(),
}

const input = z
  .strictObject({ link: linkName, netns: netnsName.optional(), ...changes })
  .refine((wanted) => fields.some((field) => wanted[field] !== undefined), {
    error: 'expected at least one change: state, mtu, mac, alias, master or moveTo',
  })
  .refine(({ link, master }) => link !== master, { error: 'expected another link than this one', path: ['master'] })
  .refine(({ netns, moveTo }) => moveTo === undefined || netns !== moveTo, {
    error: 'expected another netns than the one the link is in',
    path: ['moveTo'],
  })

/**
 * Changes a link that is there: sets it up or down, its MTU (bytes), mac, alias or bridge, or moves it into a netns. What
 * is not named stays as it is; after a move the other fields apply in the new netns.
 *
 * What the kernel drops on the way is put back at undo: setting a link down drops its static routes and IPv6 addresses;
 * an MTU below 1280 drops all of its IPv6 (RFC 8200 §5), `net.ipv6.conf` of the link included; a bridge without a mac of
 * its own takes the one of a port (its `tso_max_size`, a mere capability, stays as the port made it). A move sets the link down and drops its routes, addresses and sysctls, so a link with
 * addresses (link-local ones apart), routes or a master is not moved. It keeps its ifindex if the other netns has it
 * free.
 *
 * @see ip-link(8), rtnetlink(7)
 */
export default defineStep({
  type: 'link',
  summary: 'Changes a link: up or down, MTU, mac, alias, bridge, netns.',
  input,
  resources: (wanted) => ({
    creates: wanted.moveTo === undefined ? [] : [linkKey(wanted.moveTo, wanted.link)],
    uses: [...inside(wanted.netns), ...inside(wanted.moveTo), linkKey(wanted.netns, wanted.link)].concat(
      wanted.master === undefined ? [] : [linkKey(target(wanted), wanted.master)],
    ),
    shares: fields
      .filter((field) => field !== 'moveTo' && wanted[field] !== undefined)
      .map((field) => keyIn('link', target(wanted), wanted.link, field)),
  }),
  probe: (wanted) => places(wanted).flatMap((netns) => looksIn(netns, wanted)),
  observe(_, wanted, { outputs }): State {
    const size = looksIn(undefined, wanted).length
    const [home, there] = places(wanted).map((_netns, at) => viewOf(wanted, outputs.slice(at * size, (at + 1) * size)))
    const around = (there ?? home!).links
    if (home!.link) {
      const obstacles = obstaclesTo(wanted, home!.link, home!, there)
      return { ...stateOf(wanted, home!.link, home!, around), obstacles }
    }
    if (there?.link) return { ...stateOf(wanted, there.link, there, around), moved: true }
    return { ...nothing, link: null, near: nearNames(home!.links, wanted.link) }
  },
  blank: blankOf,
  plan(wanted, now): Plan {
    const wrong = refusal(wanted, now)
    if (wrong !== undefined) return wrong
    const apply = changesOf(wanted, now)
    return apply.length === 0 ? nothingToDo : { apply, undo: wayBack(wanted, now, predicted(wanted, now)) }
  },
  undo: (wanted, before, now) => wayBack(wanted, before, now),
  identity: ({ link }) => link?.ifindex ?? null,
  outputs: {
    mac: ({ link }) => link?.mac ?? null,
    mtu: ({ link }) => link?.mtu ?? null,
    ifindex: ({ link }) => link?.ifindex ?? null,
    netns: (_, wanted) => target(wanted) ?? null,
  },
})

const fields = ['state', 'mtu', 'mac', 'alias', 'master', 'moveTo'] as const

type Input = z.infer<typeof input>

type Words = readonly string[]

type State = {
  readonly link: LinkState | null
  /** Whether it is in the netns `moveTo`. */
  readonly moved: boolean
  /** The bridge `master`, and the lowest mac and MTU of its other ports: what it takes when the link is released. */
  readonly bridge: (Lowest & { readonly kind: string; readonly mac: string; readonly mtu: number }) | null
  /** Names like the one that is not there. */
  readonly near: Words
  /** What keeps the link from being moved. */
  readonly obstacles: Words
  /** Static IPv6 addresses, as `ip address replace` takes them; only where the step makes the kernel drop them. */
  readonly addresses: readonly Words[]
  /** Static routes, as `ip` takes them, the family first; likewise. */
  readonly routes: readonly Words[]
  /** The link's sysctls that differ from the default; likewise. */
  readonly sysctls: { readonly [key: string]: string }
}

type LinkState = {
  readonly ifindex: number
  readonly up: boolean
  readonly mtu: number
  readonly mac: string
  readonly alias: string
  readonly master: string | null
}

type Lowest = { readonly otherMac: string | null; readonly otherMtu: number | null }

const newLink: LinkState = { ifindex: 0, up: false, mtu: 1500, mac: '', alias: '', master: null }

const nothing = { moved: false, bridge: null, near: [], obstacles: [], addresses: [], routes: [], sysctls: {} }

function blankOf({ master }: Input): State {
  const bridge = { kind: 'bridge', mac: '', mtu: 1500, otherMac: null, otherMtu: null }
  return { ...nothing, link: newLink, bridge: master === undefined ? null : bridge }
}

const target = ({ netns, moveTo }: Input): string | undefined => moveTo ?? netns

const places = ({ netns, moveTo }: Input): readonly (string | undefined)[] =>
  moveTo === undefined ? [netns] : [netns, moveTo]

const losesIpv6 = ({ mtu: bytes = 1280 }: Input): boolean => bytes < 1280

const losesSysctls = (wanted: Input): boolean => losesIpv6(wanted) || wanted.moveTo !== undefined

const losesRoutes = (wanted: Input): boolean => losesSysctls(wanted) || wanted.state === 'down'

function looksIn(netns: string | undefined, wanted: Input): readonly Command[] {
  const routes = (family: string): Command => ip(netns, family, '-details', 'route', 'show', 'table', 'all')
  const pattern = `^net\\.ipv[46]\\.(conf|neigh)\\.(default|${sysctlPattern(wanted.link)})\\.`
  return [
    ip(netns, '-json', '-details', 'address', 'show'),
    ...(losesRoutes(wanted) ? [routes('-4'), routes('-6')] : []),
    ...(losesSysctls(wanted) ? [{ argv: inNetns(netns, ['sysctl', '-a', '-r', pattern]) }] : []),
  ]
}

type View = Pick<State, 'routes' | 'sysctls'> & { readonly links: readonly IpLink[]; readonly link?: IpLink }

function viewOf(wanted: Input, outputs: readonly { readonly stdout: string }[]): View {
  const [links, routes4, routes6, sysctls] = outputs.map(({ stdout }) => stdout)
  const routes = (family: string, stdout = ''): readonly Words[] =>
    losesRoutes(wanted) ? staticRoutes(stdout, wanted.link).map((words) => [family, ...words]) : []
  const all = parseLinks(links ?? '')
  const link = linkNamed(all, wanted.link)
  return {
    links: all,
    ...(link && { link }),
    routes: [...routes('-4', routes4), ...routes('-6', routes6)],
    sysctls: losesSysctls(wanted) ? ownSysctls(parseSysctls(sysctls ?? ''), wanted.link) : {},
  }
}

/** The kernel gives a new link the default's sysctls; `mtu` it sets by the link's. */
function ownSysctls(all: State['sysctls'], link: string): State['sysctls'] {
  const own = Object.entries(all).filter(([key, value]) => {
    const [net, family, kind, name, field] = key.split('/')
    return name === link && field !== 'mtu' && value !== all[[net, family, kind, 'default', field].join('/')]
  })
  return Object.fromEntries(own)
}

function stateOf(wanted: Input, link: IpLink, view: View, around: readonly IpLink[]): State {
  const { ifindex, mtu: bytes, address: hardware = '', ifalias: alias = '', master = null } = link
  const bridge = linkNamed(around, wanted.master ?? '')
  const keeps = wanted.state === undefined && !losesRoutes(wanted)
  return {
    ...nothing,
    link: { ifindex, up: isUp(link), mtu: bytes, mac: hardware, alias, master },
    bridge: bridge ? bridgeState(bridge, around, wanted.link) : null,
    near: wanted.master === undefined || bridge ? [] : nearNames(around, wanted.master),
    addresses: keeps ? [] : staticAddresses(link),
    routes: view.routes,
    sysctls: view.sysctls,
  }
}

function bridgeState(bridge: IpLink, around: readonly IpLink[], link: string): State['bridge'] {
  const ports = around.filter(({ master, ifname }) => master === bridge.ifname && ifname !== link)
  return {
    kind: kindOf(bridge),
    mac: bridge.address ?? '',
    mtu: bridge.mtu,
    otherMac: ports.map(({ address = '' }) => address).toSorted()[0] ?? null,
    otherMtu: ports.map((port) => port.mtu).toSorted((a, b) => a - b)[0] ?? null,
  }
}

/**
 * IPv6 addresses that stay until they are deleted, oldest first (the kernel lists the newest first); the link-local one
 * of the mac comes by itself.
 */
function staticAddresses({ addr_info: all = [], address: hardware = '' }: IpLink): readonly Words[] {
  const own = (it: IpAddress): boolean => !(it.dynamic ?? it.temporary ?? it.local === linkLocal(hardware))
  return all
    .filter((it) => it.family === 'inet6' && own(it))
    .map(addressWords)
    .toReversed()
}

function addressWords(it: IpAddress): Words {
  const flags = (['nodad', 'home', 'noprefixroute', 'autojoin'] as const).filter((flag) => it[flag])
  const peer = it.address === undefined || it.address === it.local ? [] : ['peer', `${it.address}/${it.prefixlen}`]
  const address = peer.length === 0 ? `${it.local}/${it.prefixlen}` : it.local
  return [address, ...peer, ...(it.metric === undefined ? [] : ['metric', `${it.metric}`]), ...flags]
}

/** The link-local address that the kernel makes of a mac. @see RFC 4291 appendix A */
function linkLocal(hardware: string): string | undefined {
  const [a, b, c, d, e, f] = hardware.split(':')
  if (f === undefined) return undefined
  return canonical(`fe80::${(Number.parseInt(a!, 16) ^ 2).toString(16)}${b}:${c}ff:fe${d}:${e}${f}`)
}

function obstaclesTo({ link, moveTo }: Input, at: IpLink, home: View, there: View | undefined): Words {
  if (moveTo === undefined) return []
  const addresses = (at.addr_info ?? []).filter(({ family, scope }) => family === 'inet' || scope !== 'link')
  return [
    ...(there?.link ? [`${place(moveTo)} has a link ${link} already`] : []),
    ...(at.master === undefined ? [] : [`it belongs to ${at.master}`]),
    ...addresses.map((it) => `it would lose the address ${it.local}/${it.prefixlen}`),
    ...home.routes.map(([, ...words]) => `it would lose the route ${words.join(' ')}`),
  ]
}

function refusal({ link, netns, moveTo, master }: Input, now: State): Plan | undefined {
  const there = place(moveTo ?? netns)
  if (now.link === null) return conflict(`link ${link} does not exist in ${place(netns)}`, didYouMean(now.near))
  if (now.obstacles.length > 0) return conflict(`link ${link} cannot be moved to ${there}: ${now.obstacles.join('; ')}`)
  if (master === undefined) return undefined
  if (now.bridge === null) return conflict(`bridge ${master} does not exist in ${there}`, didYouMean(now.near))
  if (now.bridge.kind !== 'bridge') return conflict(`expected a bridge, got ${master} of kind ${now.bridge.kind}`)
  if ((now.link.master ?? master) === master) return undefined
  return conflict(`link ${link} belongs to ${now.link.master}, expected ${master} or none`)
}

function changesOf(wanted: Input, now: State): readonly Command[] {
  const moves = wanted.moveTo !== undefined && !now.moved
  const is = { ...now.link!, up: now.link!.up && !moves }
  const words = difference(wanted, is, intended(wanted, is))
  if (!moves) return set(target(wanted), wanted.link, words)
  const move = (also: Words): Command =>
    ip(wanted.netns, 'link', 'set', 'dev', wanted.link, 'netns', wanted.moveTo!, ...also)
  // `ip` looks a master's name up where the link is before the move
  return wanted.master === undefined ? [move(words)] : [move([]), ...set(wanted.moveTo, wanted.link, words)]
}

const intended = (wanted: Input, now: LinkState): LinkState => ({
  ifindex: now.ifindex,
  up: wanted.state === undefined ? now.up : wanted.state === 'up',
  mtu: wanted.mtu ?? now.mtu,
  mac: wanted.mac ?? now.mac,
  alias: wanted.alias ?? now.alias,
  master: wanted.master ?? now.master,
})

/** Writes what to set for `from` to become `to`, of the fields that the step is asked to change; a blank mac is unknown. */
function difference(wanted: Input, from: LinkState, to: LinkState): Words {
  const words: string[] = []
  if (wanted.mtu !== undefined && from.mtu !== to.mtu) words.push('mtu', `${to.mtu}`)
  if (wanted.mac !== undefined && from.mac !== to.mac && to.mac !== '') words.push('address', to.mac)
  if (wanted.alias !== undefined && from.alias !== to.alias) words.push('alias', to.alias)
  if (wanted.master !== undefined && from.master !== to.master)
    words.push(...(to.master === null ? ['nomaster'] : ['master', to.master]))
  if ((wanted.state ?? wanted.moveTo) !== undefined && from.up !== to.up) words.push(to.up ? 'up' : 'down')
  return words
}

/** The kernel sets the mac before it sets a link down, and some drivers refuse a mac while the link is up. */
function set(netns: string | undefined, link: string, words: Words): readonly Command[] {
  const command = (some: Words): Command => ip(netns, 'link', 'set', 'dev', link, ...some)
  if (words.length === 0) return []
  const split = words.includes('address') && words.at(-1) === 'down'
  return split ? [command(['down']), command(words.slice(0, -1))] : [command(words)]
}

/** What is there after applying, as far as it can be known before. */
function predicted(wanted: Input, before: State): State {
  const moves = wanted.moveTo !== undefined && !before.moved
  const link = intended(wanted, { ...before.link!, up: before.link!.up && !moves })
  const drops = moves || (before.link!.up && !link.up)
  const lost = drops || losesIpv6(wanted)
  const macs = [before.bridge?.otherMac ?? link.mac, link.mac].toSorted()
  return {
    ...before,
    link,
    moved: before.moved || moves,
    bridge: before.bridge && before.link!.master === null ? { ...before.bridge, mac: macs[0]! } : before.bridge,
    addresses: lost ? [] : before.addresses,
    routes: before.routes.filter(([family]) => !drops && !(lost && family === '-6')),
    sysctls: moves || losesIpv6(wanted) ? {} : before.sysctls,
  }
}

function wayBack(wanted: Input, before: State, now: State): readonly Command[] {
  if (before.link === null || now.link === null) return []
  const moves = now.moved && !before.moved
  const [home, here] = [before, now].map(({ moved }) => (moved ? wanted.moveTo : wanted.netns))
  const is = moves ? { ...now.link, up: false, master: null } : now.link
  const words = difference(wanted, is, before.link)
  const move = ip(here, 'link', 'set', 'dev', wanted.link, 'netns', home ?? HOST_NETNS, ...words)
  const left = moves ? nothing : now
  return [
    ...(moves ? [move] : set(here, wanted.link, words)),
    ...bridgeBack(wanted, before, now),
    ...putBack(wanted, home, before, words.includes('down') ? { ...left, addresses: [] } : left),
  ]
}

function bridgeBack(wanted: Input, before: State, now: State): readonly Command[] {
  const [was, is] = [before.bridge, now.bridge]
  if (wanted.master === undefined || was === null || is === null || before.link?.master !== null) return []
  const released = { mac: is.otherMac, mtu: is.otherMtu ?? 1500 }
  const address = was.mac === '' || is.mac === was.mac || released.mac === was.mac ? [] : ['address', was.mac]
  const bytes = is.mtu === was.mtu || released.mtu === was.mtu ? [] : ['mtu', `${was.mtu}`]
  return set(target(wanted), wanted.master, [...address, ...bytes])
}

/** Adds what the kernel dropped. Routes without a gateway come first, because those of the others need them. */
function putBack(
  { link }: Input,
  netns: string | undefined,
  before: State,
  left: Pick<State, 'addresses' | 'routes' | 'sysctls'>,
): readonly Command[] {
  const sysctls = Object.entries(before.sysctls).filter(([key, value]) => left.sysctls[key] !== value)
  const routes = gone(before.routes, left.routes).toSorted((a, b) => +a.includes('via') - +b.includes('via'))
  const sysctl = ['sysctl', '-q', '-w', ...sysctls.map(([key, value]) => `${key}=${value}`)]
  return [
    ...(sysctls.length === 0 ? [] : [{ argv: inNetns(netns, sysctl) }]),
    ...gone(before.addresses, left.addresses).map((words) => ip(netns, 'address', 'replace', ...words, 'dev', link)),
    ...routes.map(([family, ...words]) => ip(netns, family!, 'route', 'add', ...words)),
  ]
}

const gone = (had: readonly Words[], have: readonly Words[]): readonly Words[] =>
  had.filter((words) => !have.some((other) => equal(words, other)))
