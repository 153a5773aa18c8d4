/**
 * Names a thing in the kernel: `netns:ns1`, `link:host/veth-host`, `addr:ns1/veth-ns/10.0.0.2/24`,
 * `sysctl:host/net.ipv4.ip_forward`. The second part is the netns, `host` for the one that nsnet runs in.
 */
export type ResourceKey = `${'netns' | Kind}:${string}`

/** What a step makes, needs and shares with others. */
export interface Resources {
  /** Absent before, there after. */
  readonly creates?: readonly ResourceKey[]
  /** Must be there already. */
  readonly uses?: readonly ResourceKey[]
  /** Changed in place; other runs may want the same. */
  readonly shares?: readonly ResourceKey[]
}

/** Keys the named netns. */
export const netnsKey = (netns: string): ResourceKey => `netns:${netns}`

/** The name in the key of a netns; nothing for other keys. */
export const netnsIn = (key: string): readonly string[] =>
  key.startsWith('netns:') ? [key.slice('netns:'.length)] : []

type Kind =
  | 'link'
  | 'addr'
  | 'route'
  | 'sysctl'
  | 'rule'
  | 'chain'
  | 'table'
  | 'policy'
  | 'neigh'
  | 'qdisc'
  | 'set'
  | 'file'

/** Keys something of a netns, the host's when `netns` is undefined (a netns that is named `host` is written `/host`). */
export const keyIn = (kind: Kind, netns: string | undefined, ...name: readonly string[]): ResourceKey =>
  `${kind}:${[netns === 'host' ? '/host' : (netns ?? 'host'), ...name].join('/')}`

/** Keys all of a kind in a netns, the host's when `netns` is undefined: what a step watches. */
export const everyKey = (kind: Kind, netns: string | undefined): ResourceKey => keyIn(kind, netns)

/** Keys a link. */
export const linkKey = (netns: string | undefined, link: string): ResourceKey => keyIn('link', netns, link)

/**
 * Tells one netns from another of the same name: the kernel gives an inode anew as soon as its netns is gone, so that the
 * time at which the name was made (seconds since 1970, as find(1) prints them) counts too.
 */
export type NetnsId = { readonly inode: number; readonly made: string }

/** Lists the netns key of a named netns, and nothing for the host's: what `uses` starts with. */
export const inside = (netns: string | undefined): readonly ResourceKey[] =>
  netns === undefined ? [] : [netnsKey(netns)]
