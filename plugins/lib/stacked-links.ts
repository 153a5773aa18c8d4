import { ip, type Command } from '../../core/command.ts'
import { kindOf, UNKNOWN, type IpLink } from './ip-json.ts'
import type { Input } from './link-input.ts'

/** A link that stands on another one, in the same netns: what it sends goes through that one. */
export type StackedLink = {
  readonly name: string
  /** The link right below it. */
  readonly on: string
  readonly ifindex: number
  readonly kind: string
  readonly mtu: number
}

/** Of a link: all that stand on it, each behind the one that it stands on. */
export type StackedLinks = readonly StackedLink[]

/**
 * Says what MTU the kernel gives a link when its lower link gets another one.
 *
 * @see macvlan_device_event() in drivers/net/macvlan.c, ipvlan_adjust_mtu() in drivers/net/ipvlan/ipvlan_main.c,
 * vlan_device_event() in net/8021q/vlan.c
 */
export const mtuOn = (lower: number, { kind, mtu }: Pick<StackedLink, 'kind' | 'mtu'>): number =>
  kind === 'ipvlan' ? lower : Math.min(mtu, lower)

const kinds = new Set(['macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'vlan'])

/** Says whether the MTU of links of a kind goes with the one of their lower link. */
export const goesWithLower = (kind: string): boolean => kinds.has(kind)

/** Says whether a step may change the MTU of links that stand on its link. */
export const changesStacked = ({ mtu, moveTo }: Input): boolean => mtu !== undefined && moveTo === undefined

/** Finds the links that stand on one, among those of its netns. */
export function stackedOn(on: string, links: readonly IpLink[]): StackedLinks {
  const those = links.filter((link) => link.link === on && goesWithLower(kindOf(link)))
  const right = those.map((link): StackedLink => {
    const { ifname: name, ifindex, mtu } = link
    return { name, on, ifindex, kind: kindOf(link), mtu }
  })
  return right.flatMap((each) => [each, ...stackedOn(each.name, links)])
}

/** Says what becomes of them when a link below, or among them, gets another MTU. */
export function stackedAfter(all: StackedLinks, link: string, mtu: number): StackedLinks {
  const changed = new Map([[link, mtu]])
  return all.map((each) => {
    const lower = changed.get(each.on)
    const bytes = each.name === link ? mtu : lower === undefined ? each.mtu : mtuOn(lower, each)
    if (bytes !== each.mtu) changed.set(each.name, bytes)
    return { ...each, mtu: bytes }
  })
}

/** The commands that give them the MTU that they had, where they still have what the kernel gave them. */
export function stackedBack(
  { link, netns, mtu }: Input,
  was: StackedLinks,
  bytes: number,
  is: StackedLinks,
): readonly Command[] {
  const lowered = stackedAfter(was, link, mtu!)
  const raised = stackedAfter(lowered, link, bytes)
  return was.flatMap((each, at) => {
    const now = is.find(({ name, ifindex }) => name === each.name && [ifindex, UNKNOWN].includes(each.ifindex))
    const isOurs = now !== undefined && [lowered[at]!.mtu, raised[at]!.mtu].includes(now.mtu)
    return isOurs && now.mtu !== each.mtu ? [ip(netns, 'link', 'set', 'dev', each.name, 'mtu', `${each.mtu}`)] : []
  })
}
