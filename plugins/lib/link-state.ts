import { inNetns, ip, type Command } from '../../core/command.ts'
import type { Words } from './dropped-words.ts'
import type { Input } from './link-input.ts'
import {
  isUp,
  kindOf,
  linkNamed,
  listLinks,
  namesOf,
  parseLinks,
  parseSysctls,
  place,
  staticRoutes,
  sysctlPattern,
  type IpLink,
} from './ip-json.ts'
import { keepsIpv6, losesRoutes, losesSysctls, ownSysctls, staticAddresses } from './link-losses.ts'
import { nearNames } from './near-names.ts'
import { changesStacked, goesWithLower, stackedOn, type StackedLinks } from './stacked-links.ts'

/** What the step observes: the link, and what the kernel drops on the way where the step makes it. */
export type State = {
  readonly link: LinkState | null
  /** Whether it is in the netns `moveTo`. */
  readonly moved: boolean
  /**
   * The bridge `master`, and the lowest mac and MTU of its other ports: what it takes when the link is released. An empty mac and
   * an MTU of 0 are not known.
   */
  readonly bridge: (Lowest & BridgeState) | null
  /** Names like the one that is not there. */
  readonly near: Words
  /** What keeps the link from being moved. */
  readonly obstacles: Words
  /** Static IPv6 addresses, as `ip address replace` takes them; only where the step makes the kernel drop them. */
  readonly addresses: readonly Words[]
  /** Static routes, as `ip` takes them, the family first; likewise. */
  readonly routes: readonly Words[]
  /** Whether the loopback device has 127.0.0.1/8, which setting it up gives it for good; null for other links. */
  readonly loopback: boolean | null
  /** The link's sysctls that differ from the default; likewise. */
  readonly sysctls: { readonly [key: string]: string }
  /** Those whose MTU the kernel may change with the one of the link, where the step sets it; not there when there are none. */
  readonly stacked?: StackedLinks
  /** The link that it stands on itself, whose MTU goes before its own; likewise. */
  readonly on?: string
}

/** What can be changed about a link. */
export type LinkState = {
  readonly ifindex: number
  readonly kind: string
  readonly up: boolean
  readonly mtu: number
  readonly mac: string
  readonly alias: string
  readonly master: string | null
}

type BridgeState = {
  readonly kind: string
  readonly mac: string
  readonly mtu: number
  /** It is known to have a mac of its own, which no port changes. */
  readonly fixed?: boolean
}

type Lowest = { readonly otherMac: string | null; readonly otherMtu: number | null }

/** Nothing in the way, and nothing that the kernel would drop. */
export const nothing = {
  moved: false,
  bridge: null,
  near: [],
  obstacles: [],
  addresses: [],
  routes: [],
  loopback: null,
  sysctls: {},
}

/** The netns to look in: where the link is, and where it shall be. */
export const places = ({ netns, moveTo }: Input): readonly (string | undefined)[] =>
  moveTo === undefined ? [netns] : [netns, moveTo]

/** The probes of one netns. */
export function looksIn(netns: string | undefined, wanted: Input): readonly Command[] {
  const routes = (family: string): Command => ip(netns, family, '-details', 'route', 'show', 'table', 'all')
  const pattern = `^net\\.ipv[46]\\.(conf|neigh)\\.(default|${sysctlPattern(wanted.link)})\\.`
  return [
    listLinks(netns),
    ...(losesRoutes(wanted) ? [routes('-4'), routes('-6')] : []),
    ...(losesSysctls(wanted) ? [{ argv: inNetns(netns, ['sysctl', '-a', '-r', pattern]) }] : []),
  ]
}

type View = Pick<State, 'routes' | 'sysctls'> & { readonly links: readonly IpLink[]; readonly link?: IpLink }

/** Reads the probes of one netns. */
export function viewOf(wanted: Input, outputs: readonly { readonly stdout: string }[]): View {
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

/** Lays out what was seen of a link; `around` are the links beside it. */
export function stateOf(wanted: Input, link: IpLink, view: View, around: readonly IpLink[]): State {
  const { ifindex, mtu: bytes, address: hardware = '', ifalias: alias = '', master = null } = link
  const bridge = bridgeIn(wanted, around)
  return {
    ...nothing,
    link: { ifindex, kind: kindOf(link), up: isUp(link), mtu: bytes, mac: hardware, alias, master },
    bridge,
    near: wanted.master === undefined || bridge ? [] : nearNames(namesOf(around), wanted.master),
    addresses: keepsIpv6(wanted) ? [] : staticAddresses(link),
    routes: view.routes,
    loopback: loopbackOf(link),
    sysctls: view.sysctls,
    ...(changesStacked(wanted) ? stackOf(link, around) : {}),
  }
}

function stackOf(link: IpLink, around: readonly IpLink[]): Pick<State, 'stacked' | 'on'> {
  const stacked = stackedOn(link.ifname, around)
  const on = goesWithLower(kindOf(link)) ? link.link : undefined
  return { ...(stacked.length > 0 && { stacked }), ...(on && { on }) }
}

function loopbackOf({ flags, addr_info: all = [] }: IpLink): State['loopback'] {
  if (!flags.includes('LOOPBACK')) return null
  return all.some(({ local, prefixlen }) => local === '127.0.0.1' && prefixlen === 8)
}

/** Lays out what was seen of the bridge that is asked for, among the links beside it. */
export function bridgeIn(wanted: Input, around: readonly IpLink[]): State['bridge'] {
  const bridge = linkNamed(around, wanted.master ?? '')
  if (!bridge) return null
  const all = around.filter(({ master }) => master === bridge.ifname)
  const ports = all.filter(({ ifname }) => ifname !== wanted.link)
  return {
    kind: kindOf(bridge),
    mac: bridge.address ?? '',
    mtu: bridge.mtu,
    fixed: all.length > 0 && all.every(({ address }) => address !== bridge.address),
    otherMac: ports.map(({ address = '' }) => address).toSorted()[0] ?? null,
    otherMtu: ports.map((port) => port.mtu).toSorted((a, b) => a - b)[0] ?? null,
  }
}

/** Lists what a move of the link would lose. */
export function obstaclesTo({ link, moveTo }: Input, at: IpLink, home: View, there: View | undefined): Words {
  if (moveTo === undefined) return []
  const addresses = (at.addr_info ?? []).filter(({ family, scope }) => family === 'inet' || scope !== 'link')
  return [
    ...(there?.link ? [`${place(moveTo)} has a link ${link} already`] : []),
    ...(at.master === undefined ? [] : [`it belongs to ${at.master}`]),
    ...addresses.map((it) => `it would lose the address ${it.local}/${it.prefixlen}`),
    ...home.routes.map(([, ...words]) => `it would lose the route ${words.join(' ')}`),
  ]
}
