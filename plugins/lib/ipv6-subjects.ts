import { ip, type Command } from '../../core/command.ts'
import { addressWords, gone, goneRoutes } from './dropped-words.ts'
import { listLinks, parseLinks, type IpAddress } from './ip-json.ts'
import { parseRoutes, unrestorable, valueOf, type RouteWords } from './route-text.ts'

/** What the kernel drops of a link's IPv6 when IPv6 is switched off there; all as words that `ip` takes. */
export type Ipv6Subjects = {
  /** Addresses that stay until they are deleted, oldest first; the last word is the link. */
  readonly addresses: readonly (readonly string[])[]
  /** Routes that neither the kernel nor a router made. */
  readonly routes: readonly RouteWords[]
}

/** Lists the IPv6 addresses and routes of a netns. */
export const ipv6Probes = (netns: string | undefined): readonly Command[] => [
  listLinks(netns),
  ip(netns, '-6', '-N', '-details', 'route', 'show', 'table', 'all'),
]

/**
 * Reads the answers to `ipv6Probes`, of one link or (undefined) of all. Addresses that the kernel makes by itself when IPv6
 * is switched on (`::1`, the link-local ones of a mac) are left out, and so are routes that it would not take back: those
 * that expire, and those with a nexthop that is dead already.
 */
export function parseIpv6(addresses: string, routes: string, link: string | undefined): Ipv6Subjects {
  const links = parseLinks(addresses).filter(({ ifname }) => link === undefined || ifname === link)
  const living = routes.replace(/\n[ \t]+/g, ' ').replace(/^.* dead\b.*$/gm, '')
  const isOver = (route: RouteWords): boolean =>
    link === undefined || route.some((word, at) => word === link && route[at - 1] === 'dev') || isOfLo(route, link)
  return {
    addresses: links.flatMap(({ ifname, addr_info: all = [] }) =>
      all
        .filter((it) => it.family === 'inet6' && !(it.dynamic ?? it.temporary ?? isAutomatic(it)))
        .map((it) => [...addressWords(it), 'dev', ifname])
        .toReversed(),
    ),
    routes: parseRoutes(living).filter((it) => isOver(it) && !byKernel.has(valueOf(it, 'proto')!) && !unrestorable(it)),
  }
}

/**
 * Reads, of one link or (undefined) of all, the link-local addresses that the kernel may have made: with `addr_gen_mode`
 * 0 those of a mac, otherwise all but those that were added without duplicate address detection.
 */
export function madeLinkLocals(addresses: string, link: string | undefined, mode: string): readonly RouteWords[] {
  const isMade = (it: IpAddress): boolean =>
    it.family === 'inet6' && it.scope === 'link' && it.nodad !== true && (mode !== '0' || isAutomatic(it))
  return parseLinks(addresses)
    .filter(({ ifname }) => link === undefined || ifname === link)
    .flatMap(({ ifname, addr_info: all = [] }) => all.filter(isMade).map((it) => [...addressWords(it), 'dev', ifname]))
}

/** Removes the link-local addresses that the kernel has made since. */
export const removeLinkLocals = (
  netns: string | undefined,
  before: readonly RouteWords[],
  now: readonly RouteWords[],
): readonly Command[] => gone(now, before).map((words) => ip(netns, 'address', 'delete', ...words))

/** Adds what was there before and is not there now. */
export function putBackIpv6(netns: string | undefined, before: Ipv6Subjects, now: Ipv6Subjects): readonly Command[] {
  const routes = goneRoutes(before.routes, now.routes)
  return [
    ...gone(before.addresses, now.addresses).map((words) => ip(netns, 'address', 'add', ...words)),
    // of several nexthops the kernel drops only those of the link: the rest is in the route's place
    ...routes.map((words) => ip(netns, '-6', 'route', words.includes('nexthop') ? 'replace' : 'add', ...words)),
  ]
}

/** `RTPROT_REDIRECT`, `RTPROT_KERNEL`, `RTPROT_RA`. @see rtnetlink(7) */
const byKernel = new Set(['1', '2', '9'])

const isOfLo = (route: RouteWords, link: string): boolean => link === 'lo' && route[0] !== 'unicast'

const isAutomatic = ({ local }: IpAddress): boolean =>
  local === '::1' || /^fe80::[0-9a-f:]+ff:fe[0-9a-f:]+$/.test(local)
