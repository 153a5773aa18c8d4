import { familyOf, hostAddress, linkName, mac, prefix } from '../../core/net.ts'
import { ipAddresses } from '../../core/ip-addresses.ts'

/** Numbers from `first` to `last`, or a text: what one part of an element matches. */
export type Part = { readonly first: bigint; readonly last: bigint } | string

type Read = (text: string) => Part | undefined

/** Reads a part of an element; undefined when it is none of that type. */
const readers = {
  ipv4_addr: (text) => addressPart(text, 4),
  ipv6_addr: (text) => addressPart(text, 6),
  ether_addr: (text) => (mac.safeParse(text.toLowerCase()).success ? text.toLowerCase() : undefined),
  inet_service: (text) => numberPart(text, 16),
  inet_proto: (text) => numberPart(PROTOCOLS[text] ?? text, 8),
  mark: (text) => numberPart(text, 32),
  ifname: (text) => {
    const name = text.replace(/^"(.*)"$/, '$1')
    return /^[^"\\]+$/.test(name) && linkName.safeParse(name).success ? name : undefined
  },
} satisfies { readonly [type: string]: Read }

/** A type of an element, or of a part of one. */
export type ElementType = keyof typeof readers

/** The types of nft that nsnet knows. */
export const TYPES = Object.keys(readers) as readonly ElementType[]

/** Reads an element of a set whose parts are of these types; undefined when it is none. */
export function partsOf(types: readonly ElementType[], element: string): readonly Part[] | undefined {
  const texts = element.split(/\s+\.\s+/)
  const parts = texts.map((text, at) => types[at] && readers[types[at]](text))
  return texts.length === types.length && parts.every((part) => part !== undefined) ? parts : undefined
}

/** Writes an element so that those that match the same are the same text. */
export const keyOfParts = (parts: readonly Part[]): string =>
  parts
    .map((part) =>
      typeof part === 'string' ? part : part.first === part.last ? `${part.first}` : `${part.first}-${part.last}`,
    )
    .join(' . ')

/** Says whether there is something that both elements match. */
export const overlap = (a: readonly Part[], b: readonly Part[]): boolean =>
  a.every((part, at) => {
    const other = b[at]!
    if (typeof part === 'string' || typeof other === 'string') return part === other
    return part.first <= other.last && other.first <= part.last
  })

/** Says whether an element is more than one value. */
export const isInterval = (parts: readonly Part[]): boolean =>
  parts.some((part) => typeof part !== 'string' && part.first !== part.last)

/** Writes an element for nft: names of links need their quotes. */
export const written = (types: readonly ElementType[], element: string): string =>
  element
    .split(/\s+\.\s+/)
    .map((text, at) => (types[at] === 'ifname' ? `"${text.replace(/^"(.*)"$/, '$1')}"` : text))
    .join(' . ')

/** How nft names protocols. @see protocols(5) */
const PROTOCOLS: { readonly [name: string]: string } = {
  icmp: '1',
  igmp: '2',
  tcp: '6',
  udp: '17',
  dccp: '33',
  gre: '47',
  esp: '50',
  ah: '51',
  'ipv6-icmp': '58',
  icmpv6: '58',
  vrrp: '112',
  sctp: '132',
  udplite: '136',
}

function addressPart(text: string, family: 4 | 6): Part | undefined {
  const [from = '', to = from, ...more] = text.split('-')
  if (more.length > 0 || familyOf(from) !== family || familyOf(to) !== family) return undefined
  if (from === to && text.includes('/')) return prefix.safeParse(text).success ? spanOf(text) : undefined
  if (!hostAddress.safeParse(from).success || !hostAddress.safeParse(to).success) return undefined
  return inOrder(spanOf(from).first, spanOf(to).last)
}

function spanOf(text: string): { readonly first: bigint; readonly last: bigint } {
  const { Address4, Address6 } = ipAddresses()
  const parsed = text.includes(':') ? new Address6(text) : new Address4(text)
  return { first: parsed.startAddress().bigInt(), last: parsed.endAddress().bigInt() }
}

/** A number, two with a hyphen, or one with the length of a prefix, as nft writes some ranges of marks. */
function numberPart(text: string, bits: number): Part | undefined {
  const [, from, to, length] =
    /^(0x[0-9a-f]{1,8}|\d{1,10})(?:-(0x[0-9a-f]{1,8}|\d{1,10})|\/(\d{1,2}))?$/i.exec(text) ?? []
  if (from === undefined) return undefined
  const first = BigInt(from)
  const last = length === undefined ? BigInt(to ?? from) : first + (1n << BigInt(bits - Number(length))) - 1n
  return last < 1n << BigInt(bits) ? inOrder(first, last) : undefined
}

const inOrder = (first: bigint, last: bigint): Part | undefined => (first <= last ? { first, last } : undefined)
