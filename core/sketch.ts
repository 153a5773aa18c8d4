import { z } from 'zod'

/**
 * One thing that a step adds to the picture of a network. Texts stay as they are in the input: who draws them escapes and
 * shortens them.
 */
export type Sketch =
  | SketchedNetns
  | SketchedLink
  | SketchedAddress
  | SketchedRoute
  | SketchedTranslation
  | SketchedForwarding
  | SketchedCheck
  | SketchedNote

/** A box: a named netns. */
export interface SketchedNetns {
  readonly draw: 'netns'
  readonly netns: string
}

/** A link in its box. Several sketches of one link add up. */
export interface SketchedLink extends Inside {
  readonly draw: 'link'
  readonly link: string
  /** As `ip -details link` says it: `veth`, `bridge`, `vlan` … */
  readonly kind?: string | undefined
  /** The other end of a cable: a link that may be in another box. */
  readonly peer?: (Inside & { readonly link: string }) | undefined
  /** The bridge that it is a port of, in the same box. */
  readonly master?: string | undefined
  /** The box that it came from, with all that is drawn at it. */
  readonly from?: Inside | undefined
  /** A few words beside it: `mtu 1400`. */
  readonly note?: string | undefined
}

/** An address at a link. */
export interface SketchedAddress extends Inside {
  readonly draw: 'address'
  readonly link: string
  /** With its prefix length. */
  readonly address: string
  readonly peer?: string | undefined
}

/** An arrow from a box to its gateway. */
export interface SketchedRoute extends Inside {
  readonly draw: 'route'
  /** A prefix, an address or `default`. */
  readonly to: string
  /** Address of the gateway. */
  readonly via?: string | undefined
  /** Link that packets leave by. */
  readonly dev?: string | undefined
}

/** An arrow to the link where addresses of packets are translated. */
export interface SketchedTranslation extends Inside {
  readonly draw: 'translation'
  readonly kind: 'masquerade' | 'snat' | 'dnat'
  /** Link that packets leave by (masquerade, snat) or come in by (dnat). */
  readonly link?: string | undefined
  /** What is translated: a prefix of senders, or for dnat words such as `tcp 8080`. */
  readonly of?: string | undefined
  /** The address that takes its place, with a port or without. */
  readonly to?: string | undefined
}

/** Packets are passed on between the links of a box. */
export interface SketchedForwarding extends Inside {
  readonly draw: 'forwarding'
  readonly family: 'ipv4' | 'ipv6'
}

/** Somebody is to be reached from a box. */
export interface SketchedCheck extends Inside {
  readonly draw: 'check'
  readonly by: 'ping' | 'tcp'
  readonly target: string
}

/** A line of text in a box: all that has no shape of its own. */
export interface SketchedNote extends Inside {
  readonly draw: 'note'
  readonly text: string
}

interface Inside {
  /** The named netns that it is in; the host's when absent. */
  readonly netns?: string | undefined
}

/** Says whether something is a list of sketches. */
export const isSketches = (given: unknown): given is readonly Sketch[] => sketch.array().safeParse(given).success

const text = z.string()
const maybe = text.optional()
const inside = { netns: maybe }
const end = z.object({ ...inside, link: text })
const box = z.object(inside).optional()

const sketch: z.ZodType<Sketch> = z.discriminatedUnion('draw', [
  z.object({ draw: z.literal('netns'), netns: text }),
  end.extend({ draw: z.literal('link'), kind: maybe, peer: end.optional(), master: maybe, from: box, note: maybe }),
  end.extend({ draw: z.literal('address'), address: text, peer: maybe }),
  z.object({ draw: z.literal('route'), ...inside, to: text, via: maybe, dev: maybe }),
  z.object({
    draw: z.literal('translation'),
    ...inside,
    kind: z.enum(['masquerade', 'snat', 'dnat']),
    link: maybe,
    of: maybe,
    to: maybe,
  }),
  z.object({ draw: z.literal('forwarding'), ...inside, family: z.enum(['ipv4', 'ipv6']) }),
  z.object({ draw: z.literal('check'), ...inside, by: z.enum(['ping', 'tcp']), target: text }),
  z.object({ draw: z.literal('note'), ...inside, text }),
])
