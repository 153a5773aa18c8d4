import { netnsIn } from '../../core/resource.ts'
import type { Earlier } from '../../core/step.ts'
import { inputOf } from './earlier.ts'
import type { Input as LinkInput } from './link-input.ts'
import type { MadeInput } from './made-input.ts'
import { madeKinds } from './made-kinds.ts'
import { macFor } from './own-mac.ts'
import { marked, type Input as VethInput } from './veth-ends.ts'

/** A link that a step makes, as it is when it is made: down, and of no bridge. */
export interface BornLink {
  readonly netns: string | undefined
  readonly name: string
  readonly kind: string
  /** Empty where only the kernel knows. */
  readonly mac: string
  /** In bytes; 0 where it depends on other links. */
  readonly mtu: number
  readonly loopback: boolean
  /** The link that it is put on. */
  readonly lower?: { readonly netns: string | undefined; readonly name: string }
  /** The links that are put under it. */
  readonly ports: readonly string[]
}

/** Lists the links that an earlier step makes: ends of a veth, the loopback device of a netns, a link of some kind. */
export function linksBornBy(earlier: Earlier): readonly BornLink[] {
  if (earlier.uses === 'netns') return (earlier.resources.creates ?? []).flatMap(netnsIn).map(loopbackOf)
  const veth = inputOf<VethInput>(earlier, 'veth')
  if (veth) {
    const own = marked(veth, earlier)
    return [own, own.peer].map(({ name, netns, mac = '', mtu = 1500 }) => ({ ...plain, netns, name, mac, mtu }))
  }
  return Object.hasOwn(madeKinds, earlier.uses) ? [madeBy(earlier)] : []
}

/** Finds the link of that name among those. */
export const bornAs = (earlier: Earlier, netns: string | undefined, name: string | undefined): BornLink | undefined =>
  linksBornBy(earlier).find((born) => born.name === name && born.netns === netns)

/** Lists what an earlier step changes of links that are there: a step `link` of one, a `bridge` of its ports. */
export function linkChangesBy(earlier: Earlier): readonly LinkInput[] {
  const change = inputOf<LinkInput>(earlier, 'link')
  if (change) return [change]
  const bridge = inputOf<MadeInput>(earlier, 'bridge')
  return (bridge?.ports ?? []).map((link) => ({ link, netns: bridge!.netns, master: bridge!.name }))
}

const plain = { kind: 'veth', loopback: false, ports: [] }

const loopbackOf = (netns: string): BornLink => ({
  ...plain,
  netns,
  name: 'lo',
  kind: 'device',
  mac: '00:00:00:00:00:00',
  mtu: 65_536,
  loopback: true,
})

function madeBy(earlier: Earlier): BornLink {
  const input = earlier.input as MadeInput
  const { kind, mtu } = madeKinds[earlier.uses]!
  const { name, netns, link, linkNetns, ports = [] } = input
  return {
    netns,
    name,
    kind,
    mac: macFor(earlier.uses, input, earlier) ?? '',
    mtu: input.mtu ?? mtu(input),
    loopback: false,
    ...(link === undefined ? {} : { lower: { netns: linkNetns, name: link } }),
    ports,
  }
}
