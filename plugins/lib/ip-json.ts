import { ip, type Command } from '../../core/command.ts'
import { ofObject, ofText } from '../../core/memo.ts'
import { swapped } from '../../core/sysctl-key.ts'
import { expectRoutes } from './route-text.ts'

/** A link as `ip -json -details link show` or `… address show` prints it; only what nsnet reads. */
export interface IpLink {
  /** Packets that its queue holds; absent where that is 0. */
  readonly txqlen?: number
  readonly ifindex: number
  readonly ifname: string
  readonly flags: readonly string[]
  readonly mtu: number
  readonly address?: string
  readonly ifalias?: string
  readonly master?: string
  /** Name of the peer or lower link, when it is in the same netns. */
  readonly link?: string | null
  /** Its ifindex, when it is in another netns. */
  readonly link_index?: number
  readonly linkinfo?: { readonly info_kind?: string; readonly info_slave_kind?: string; readonly info_data?: LinkData }
  /** Name or number of its group; `default` is 0. */
  readonly group?: string
  /** Only in the answer of `address show`. */
  readonly addr_info?: readonly IpAddress[]
}

/** What `ip -details` prints of a kind of links. */
export type LinkData = { readonly [field: string]: string | number | boolean | readonly string[] | undefined }

/** An address of a link; `address` is the peer's, where there is one. Flags that are not set are left out. */
export interface IpAddress {
  readonly family: string
  readonly local: string
  readonly address?: string
  readonly prefixlen: number
  readonly broadcast?: string
  readonly scope: string
  readonly label?: string
  readonly metric?: number
  readonly secondary?: boolean
  readonly dynamic?: boolean
  readonly temporary?: boolean
  readonly tentative?: boolean
  readonly dadfailed?: boolean
  readonly nodad?: boolean
  readonly home?: boolean
  readonly noprefixroute?: boolean
  readonly autojoin?: boolean
}

/** Lists the links of a netns with their addresses: all steps ask it in the same words, so that one look asks it once. */
export const listLinks = (netns: string | undefined): Command => ip(netns, '-json', '-details', 'address', 'show')

/** Reads the links of `ip -json … link show` or `… address show`; nothing printed means no links. */
export const parseLinks = ofText((stdout): readonly IpLink[] => {
  const rows = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly Partial<IpLink>[]
  return rows.filter((row): row is IpLink => row.ifname !== undefined)
})

/** Finds a link by its name. */
export const linkNamed = (links: readonly IpLink[], name: string): IpLink | undefined => byName(links).get(name)

const byName = ofObject((links: readonly IpLink[]) => new Map(links.map((link) => [link.ifname, link])))

/** Names the links. */
export const namesOf = ofObject((links: readonly IpLink[]): readonly string[] => links.map(({ ifname }) => ifname))

/** Finds a link of a kind by its mac. */
export const linkOfMac = (links: readonly IpLink[], kind: string, mac: string): IpLink | undefined =>
  byKindAndMac(links).get(`${kind} ${mac}`)

const byKindAndMac = ofObject(
  (links: readonly IpLink[]) => new Map(links.map((link) => [`${kindOf(link)} ${link.address ?? ''}`, link])),
)

/** Says what kind a link is, `veth` or `bridge`; a hardware link and `lo` are `device`. */
export const kindOf = ({ linkinfo }: IpLink): string => linkinfo?.info_kind ?? 'device'

/**
 * Tells a link from another of the same name. The kernel gives an ifindex anew at once, so that the mac counts too, of the
 * kinds that keep theirs.
 */
export type LinkId = readonly [ifindex: number, mac: string | null]

/** The ifindex of a link that is not there yet. */
export const UNKNOWN = 0

/** What identifies a link of that ifindex, kind and mac. */
export const linkId = (ifindex: number, kind: string, mac: string): LinkId => [ifindex, hasSteadyMac(kind) ? mac : null]

/** Says whether a link of that kind keeps its mac unless somebody sets another: a bridge takes that of a port. */
export const hasSteadyMac = (kind: string): boolean => /^(veth|dummy|tun|vxlan|macvlan|macvtap|gretap|ifb)$/.test(kind)

/** Says whether a link was set up (its flag, not whether it has a carrier). */
export const isUp = ({ flags }: IpLink): boolean => flags.includes('UP')

/** Names the netns for people. */
export const place = (netns: string | undefined): string => (netns === undefined ? 'the host' : `netns ${netns}`)

/**
 * Reads the routes over a link from `ip -details route show table all`, as words that `ip route add` takes. A route with
 * several nexthops is one list of words. What the kernel makes by itself (`proto kernel`, `ra`, `redirect`) and what
 * expires is left out, and so are the flags of the link's state (`dead`, `linkdown`).
 *
 * @see ip-route(8)
 */
export const staticRoutes = (stdout: string, link: string): readonly (readonly string[])[] =>
  allStaticRoutes(stdout).filter((words) => hasPair(words, 'dev', link))

const allStaticRoutes = ofText((stdout): readonly (readonly string[])[] => {
  expectRoutes(stdout)
  return stdout
    .replace(/\n\s+/g, ' ')
    .split('\n')
    .map((line) => line.split(/\s+/).filter((word) => word !== '' && !linkFlags.has(word)))
    .filter((words) => words.length > 0 && !words.includes('expires'))
    .filter((words) => !byKernel.some((protocol) => hasPair(words, 'proto', protocol)))
})

/** Reads `sysctl -a`: key → value, the keys with slashes (`net/ipv4/conf/eth0.5/rp_filter`). */
export const parseSysctls = ofText((stdout): { readonly [key: string]: string } => {
  const rows = stdout.split('\n').map((line) => /^(\S+) = (.*)$/.exec(line))
  return Object.fromEntries(rows.flatMap((row) => (row ? [[swapped(row[1]!), row[2]!]] : [])))
})

/** Writes a name as a piece of the regular expression that `sysctl -r` takes, where `a.b` is shown as `a/b`. */
export const sysctlPattern = (name: string): string =>
  swapped(name).replace(/[.[\]\\*^$()+?{}|]/g, (character) => `\\${character}`)

const linkFlags = new Set(['dead', 'linkdown', 'pervasive', 'offload', 'trap', 'rt_offload', 'rt_trap'])

const byKernel = ['kernel', 'ra', 'redirect']

const hasPair = (words: readonly string[], first: string, second: string): boolean =>
  words.some((word, at) => word === first && words[at + 1] === second)
