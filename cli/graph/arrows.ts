import { grouped } from '../../core/grouped.ts'
import { liesIn } from '../../core/net.ts'
import { keyOf, type Cable, type End, type Route, type Translation } from './model.ts'
import type { DraftBox, DraftLink } from './plane.ts'

/** Finds links by where they are, and by the address that they have. */
export interface Finder {
  readonly at: (end: End | null) => DraftLink | undefined
  readonly inBox: (netns: string | null) => readonly DraftLink[]
  readonly having: (host: string) => readonly DraftLink[]
}

/** Prepares to find these links. */
export function finderOf(links: readonly DraftLink[]): Finder {
  const byKey = new Map(links.map((link) => [keyOf(link), link]))
  const addressed = links.flatMap((link) => link.addresses.map(({ address }) => ({ link, host: hostOf(address) })))
  const byAddress = grouped(addressed, ({ host }) => [host])
  const byBox = grouped(links, ({ netns }) => [netns])
  return {
    at: (end) => (end === null ? undefined : byKey.get(keyOf(end))),
    inBox: (netns) => byBox.get(netns) ?? [],
    having: (host) => (byAddress.get(host) ?? []).map(({ link }) => link),
  }
}

/** Finds the link that packets of a route leave by, and the one where they arrive; null where that cannot be told. */
export function routeIn(finder: Finder, netns: string | null, route: DraftBox['routes'][number]): Route {
  const { to, via, dev, steps, pending, drifted } = route
  const near = finder.inBox(netns)
  const own = near.find((it) => (dev === undefined ? via !== undefined && covers(it, via) : it.link === dev))
  const behind = linksBehind(finder, own)
  const found = via === undefined ? behind.slice(0, 1) : finder.having(via)
  const gateway = behind.find((it) => found.includes(it)) ?? (found.length === 1 ? found[0] : undefined)
  const end = gateway && gateway !== own ? endOf(gateway) : null
  return { to, via: via ?? null, link: own?.link ?? dev ?? null, gateway: end, steps, pending, drifted }
}

/** Finds where translated packets come from, for dnat by which link they go on, or where they arrive. */
export function translationIn(
  finder: Finder,
  netns: string | null,
  { kind, link, of, to, steps, pending, drifted }: DraftBox['translations'][number],
): Translation {
  const sources = finder.inBox(netns).filter((it) => it.link !== link && of !== undefined && touches(it, of))
  const host = to === undefined ? '' : withoutPort(to)
  const there = finder.inBox(netns).filter((it) => it.link !== link && covers(it, host))
  const targets = there.length > 0 ? there : finder.having(host)
  const ends = kind === 'dnat' ? (targets.length === 1 ? targets : []) : sources
  const said = { kind, link: link ?? null, of: of ?? null, to: to ?? null }
  return { ...said, ends: ends.map(endOf), steps, pending, drifted }
}

/** Lists what packets meet that leave by a link: its peer, and the bridge that this is a port of. */
function linksBehind({ at }: Finder, link: DraftLink | undefined): readonly DraftLink[] {
  const peer = at(link?.peer ?? null)
  if (!peer) return []
  const bridge = peer.master === null ? undefined : at({ netns: peer.netns, link: peer.master })
  return bridge ? [peer, bridge] : [peer]
}

/** Pairs the links that are each other's peer. */
export function cablesOf(links: readonly DraftLink[], { at }: Finder): readonly Cable[] {
  const seen = new Set<DraftLink>()
  return links.flatMap((link) => {
    const peer = at(link.peer)
    if (!peer || seen.has(peer) || (peer.peer && keyOf(peer.peer) !== keyOf(link))) return []
    seen.add(link)
    const steps = [...new Set([...link.steps, ...peer.steps])]
    const mark = { pending: link.pending || peer.pending, drifted: link.drifted || peer.drifted }
    return [{ ends: [endOf(link), endOf(peer)] as const, steps, ...mark }]
  })
}

/**
 * Lists the links of the host that lead to the internet: the one of its default route, and those by which translated
 * packets leave; a link with a peer leads there, and a bridge to its ports.
 */
export function outsideOf(links: readonly DraftLink[], host: DraftBox | undefined, uplink: string): readonly string[] {
  const named = new Set([uplink, ...(host?.translations ?? []).map(({ link }) => link)])
  return links
    .filter(({ netns, link, kind, peer }) => netns === null && kind === null && peer === null && named.has(link))
    .map(({ link }) => link)
}

const endOf = ({ netns, link }: End): End => ({ netns, link })

const hostOf = (address: string): string => address.split('/')[0]!

const covers = ({ addresses }: DraftLink, host: string): boolean =>
  addresses.some(({ address, peer }) => liesIn(host, address) || peer === host)

/** Says whether packets of a prefix come from the network of a link. */
const touches = ({ addresses }: DraftLink, prefix: string): boolean =>
  addresses.some(({ address }) => liesIn(address, prefix) || liesIn(prefix, address))

/** `10.0.0.2:80` and `[2001:db8::2]:80` are of the hosts before the port. */
const withoutPort = (text: string): string =>
  /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, '$1')
