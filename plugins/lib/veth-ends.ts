import { z } from 'zod'
import { linkName, mac, mtu, netnsName } from '../../core/net.ts'
import { tagOf, type Context } from '../../core/step.ts'
import { kindOf, linkNamed, linkOfMac, place, type IpLink } from './ip-json.ts'
import type { Input as LinkInput } from './link-input.ts'
import { macOf } from './own-mac.ts'

const end = z.strictObject({
  name: linkName.meta({ description: 'name of this end: 1 to 15 bytes', examples: ['eth0'] }),
  netns: netnsName.optional().meta({ description: 'netns of this end; without it, the one that nsnet runs in' }),
  mac: mac.optional().meta({ description: 'mac of this end, in lower case; without it, one made of run and step' }),
  mtu: mtu.optional().meta({
    description:
      'MTU of this end in bytes, without the link-layer header; the kernel gives 1500; IPv6 needs 1280 or more',
  }),
})

/** What the step `veth` is given: its two ends. */
export const input = end
  .extend({
    peer: end.meta({ description: 'the other end', examples: [{ name: 'veth-ns', netns: 'ns1' }] }),
  })
  .refine(({ name, netns, peer }) => name !== peer.name || netns !== peer.netns, {
    error: 'expected two names for two links in one netns',
    path: ['peer', 'name'],
  })

export type Input = z.infer<typeof input>

export type End = z.infer<typeof end>

/** What is there of an end. */
export type EndState = {
  readonly name: string
  readonly ifindex: number
  readonly mac: string
  readonly mtu: number
  readonly kind: string
  readonly master: string | null
} | null

/** Gives each end that is asked for without a mac the one that this very step gives it. */
export function marked(wanted: Input, context: Context): Input {
  const own = (which: string): string => macOf(`${tagOf(context)}/${which}`)
  const { peer } = wanted
  return { ...wanted, mac: wanted.mac ?? own('this'), peer: { ...peer, mac: peer.mac ?? own('peer') } }
}

/** Finds an end: by the mac that this very step gave it, whatever it is called by now, else by its name. */
export function findEnd(links: readonly IpLink[], asked: End, { mac: own }: End): IpLink | undefined {
  const byMac = asked.mac === undefined && own !== undefined ? linkOfMac(links, 'veth', own) : undefined
  return byMac ?? linkNamed(links, asked.name)
}

/** Lays out what was seen of an end. */
export function endOf(link: IpLink | undefined): EndState {
  if (link === undefined) return null
  const { ifname: name, ifindex, address = '', mtu: bytes, master = null } = link
  return { name, ifindex, mac: address, mtu: bytes, kind: kindOf(link), master }
}

/** What becomes of an end when a step `link` changes it or moves it away. */
export function endAfter({ name, netns }: End, was: EndState, change: LinkInput): EndState {
  if (was === null || change.link !== name || change.netns !== netns) return was
  if (change.moveTo !== undefined) return null
  const { mtu: bytes = was.mtu, mac: hardware = was.mac, master = was.master } = change
  return { ...was, mtu: bytes, mac: hardware, master }
}

/** Says what does not fit what is asked for; undefined when all does. */
export function differing({ name, netns, ...wanted }: End, now: EndState): string | undefined {
  if (now !== null && now.name !== name) return `link ${name} in ${place(netns)} is called ${now.name}`
  const field = (['mac', 'mtu'] as const).find((it) => wanted[it] !== undefined && wanted[it] !== now?.[it])
  if (field === undefined) return undefined
  return `link ${name} in ${place(netns)} has ${field} ${now?.[field]}, expected ${wanted[field]}`
}

/** Says what others did to an end since; undefined when nothing. */
export function changeOf({ name, netns }: End, was: EndState | undefined, is: EndState): string | undefined {
  if (is === null) return undefined
  const link = `link ${name} in ${place(netns)}`
  if (is.name !== name) return `${link} is called ${is.name}`
  if (is.master !== null && is.master !== was?.master) return `${link} belongs to ${is.master}`
  return was && was.mtu !== is.mtu ? `${link} has mtu ${is.mtu}, had ${was.mtu}` : undefined
}

/** Names an end and what is there of it. */
export const describe = ({ name, netns }: End, now: EndState): string =>
  now === null
    ? `no ${name} in ${place(netns)}`
    : `${now.name} (${now.kind}, ifindex ${now.ifindex}) in ${place(netns)}`
