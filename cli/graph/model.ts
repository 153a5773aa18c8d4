/** A network as the steps of a workflow make it, ready to be drawn; `--format json` prints it. */
export interface Topology {
  /** Name of the workflow. */
  readonly name: string
  /** The run that it is of, and where that stands; null for a workflow file. */
  readonly run: { readonly id: string; readonly state: string } | null
  /** The host first, when something of it is drawn; then every netns in the order of the steps. */
  readonly boxes: readonly Box[]
  readonly cables: readonly Cable[]
  /** Links of the host that lead to the internet. */
  readonly outside: readonly string[]
  readonly drifted: readonly Drift[]
}

/** What is so of everything that is drawn. */
export interface Mark {
  /** Ids of the steps that draw it; none for what is there without them. */
  readonly steps: readonly string[]
  /** The step that makes it has not been applied. */
  readonly pending: boolean
  /** It has been tried, and has failed. */
  readonly failed?: boolean
  /** One of its steps does not hold any more. */
  readonly drifted: boolean
}

export interface Drift {
  readonly step: string
  /** What was expected, and what was found. */
  readonly text: string
}

/** A netns with what is in it. */
export interface Box extends Mark {
  /** Null for the host's. */
  readonly netns: string | null
  readonly links: readonly Link[]
  readonly routes: readonly Route[]
  readonly translations: readonly Translation[]
  readonly forwarding: readonly (Mark & { readonly family: 'ipv4' | 'ipv6' })[]
  readonly checks: readonly (Mark & { readonly by: 'ping' | 'tcp'; readonly target: string })[]
  readonly notes: readonly (Mark & { readonly text: string })[]
}

/** Where a cable or an arrow ends. */
export interface End {
  readonly netns: string | null
  readonly link: string
}

export interface Link extends Mark {
  readonly link: string
  /** Null where no step says it. */
  readonly kind: string | null
  readonly peer: End | null
  /** The bridge that it is a port of. */
  readonly master: string | null
  readonly addresses: readonly (Mark & { readonly address: string; readonly peer: string | null })[]
  readonly notes: readonly (Mark & { readonly text: string })[]
}

/** Two links that are each other's peer. */
export interface Cable extends Mark {
  readonly ends: readonly [End, End]
}

export interface Route extends Mark {
  readonly to: string
  readonly via: string | null
  /** The link that packets leave by; null where the picture does not tell. */
  readonly link: string | null
  /** The link that has the address of the gateway; null where the picture does not tell. */
  readonly gateway: End | null
}

export interface Translation extends Mark {
  readonly kind: 'masquerade' | 'snat' | 'dnat'
  /** The link that packets leave by, for dnat the one that they come in by. */
  readonly link: string | null
  readonly of: string | null
  readonly to: string | null
  /** Links of the box that packets come from; for dnat the link that they go on by, or where they arrive. */
  readonly ends: readonly End[]
}

/** Names a box. */
export const titleOf = ({ netns }: Pick<Box, 'netns'>): string => (netns === null ? 'host' : `netns ${netns}`)

/**
 * Tells an end from every other one, in plain ASCII: `host/veth-host`, `ns1/veth-ns`. A netns that is named `host` is
 * written `/host`.
 */
export function keyOf({ netns, link }: End): string {
  const box = netns === 'host' ? '/host' : netns === null ? 'host' : asPlain(netns)
  return `${box}/${asPlain(link)}`
}

const asPlain = (name: string): string =>
  name.replace(/[^\w.@+-]/gu, (it) => `%${it.codePointAt(0)!.toString(16).padStart(2, '0')}`)

/** Says in a few words what a translation does. */
export const translationText = ({ kind, of, to }: Translation): string =>
  [kind, of, to === null ? null : `to ${to}`].filter((word) => word !== null).join(' ')

/** Writes a route as ip-route(8) does. */
export function routeText({ to, via, link }: Route): string {
  if (via !== null) return `${to} via ${via}`
  return link === null ? to : `${to} dev ${link}`
}
