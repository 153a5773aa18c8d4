import { linkNamed, kindOf, type IpLink } from './ip-json.ts'

/** What was seen of a netns: its links, and which way packets to the host that was asked leave it. */
export interface View {
  /** Undefined for the host's. */
  readonly netns: string | undefined
  readonly links: readonly IpLink[]
  readonly ways: readonly Way[]
}

/** What `ip -json route get` says; of type `local` when the address is one of the netns's own. */
export interface Way {
  readonly type?: string
  readonly dev?: string
  readonly prefsrc?: string
}

/** A netns that the packets pass: the hooks and links that they meet there. */
export interface Hop {
  readonly netns: string | undefined
  readonly hooks: readonly string[]
  readonly links: readonly string[]
}

const AROUND = ['ingress', 'prerouting', 'postrouting', 'egress']

/**
 * Follows the packets from the first netns: over a veth, or a bridge with veths as ports, into the netns of the other end,
 * and on by its routes, until they are where they should be or leave what can be seen.
 */
export function pathFrom([own, ...others]: readonly View[]): readonly Hop[] {
  if (!own) return []
  const hops = new Map<View, Hop>([[own, hopIn(own, own.links.map(nameOf), ['output', 'input'])]])
  const queue = leaving(own, [], others)
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { view, link } = next
    if (hops.has(view)) continue
    const isThere = view.ways.some(({ type }) => type === 'local')
    const passed = [link.ifname, link.master ?? link.ifname, ...devsOf(view), ...(isThere ? ['lo'] : [])]
    hops.set(view, hopIn(view, passed, isThere ? ['input', 'output'] : ['forward']))
    if (!isThere) queue.push(...leaving(view, [link.ifname], others))
  }
  return [...hops.values()]
}

const nameOf = ({ ifname }: IpLink): string => ifname

const devsOf = ({ ways }: View): readonly string[] => ways.flatMap(({ dev }) => dev ?? [])

const hopIn = ({ netns }: View, links: readonly string[], hooks: readonly string[]): Hop => ({
  netns,
  links: [...new Set(links)],
  hooks: [...AROUND, ...hooks],
})

interface Entry {
  readonly view: View
  /** The link that the packets come in by. */
  readonly link: IpLink
}

/** Finds where packets come out that leave a netns by its routes, but not by the link that they came in by. */
function leaving(view: View, except: readonly string[], others: readonly View[]): Entry[] {
  return devsOf(view)
    .flatMap((dev) => [linkNamed(view.links, dev) ?? [], view.links.filter(({ master }) => master === dev)].flat())
    .filter(({ ifname }) => !except.includes(ifname))
    .flatMap((link) =>
      others.flatMap((other) =>
        other.links.flatMap((end) => (arePeers(link, end) ? [{ view: other, link: end }] : [])),
      ),
    )
}

/** Two ends of a veth in two netns name each other's ifindex. */
const arePeers = (a: IpLink, b: IpLink): boolean =>
  kindOf(a) === 'veth' && kindOf(b) === 'veth' && a.link_index === b.ifindex && b.link_index === a.ifindex
