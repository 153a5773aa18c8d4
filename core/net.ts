import type { Address4, Address6 } from 'ip-address'
import { z } from 'zod'
import { ipAddresses } from './ip-addresses.ts'
import { firstOf, ipv4Text, plainIpv4, sizeOf } from './ipv4.ts'

/**
 * The nouns of Linux networking, as schemas for a step's input. Each message says what was expected; where and what
 * came is added by whoever reports it.
 */

/** Name of a link: 1–15 bytes, without `/`, `:`, `%` and white space, not `.` or `..`. @see dev_valid_name() in net/core/dev.c */
export const linkName = z
  .string()
  .refine(isLinkName, 'expected a link name: 1 to 15 bytes, no "/", ":", "%", white space or control characters')
  .meta({ description: 'name of a link: 1 to 15 bytes', examples: ['veth-host'] })

/** Name of a netns: a file name in `/run/netns`, not starting with `-`. @see ip-netns(8) */
export const netnsName = z
  .string()
  .refine(
    isNetnsName,
    'expected a netns name: letters, digits, ".", "_", "-", "@" and "+", not starting with "-" or "."',
  )
  .meta({ description: 'netns to work in; without it, the one that nsnet runs in', examples: ['ns1'] })

/** An address with its prefix length, `10.0.0.1/24` or `2001:db8::1/64`. */
export const address = z
  .string()
  .refine(
    (text) => text.includes('/') && isAddress(text),
    'expected an address with prefix length, such as "10.0.0.1/24"',
  )
  .meta({ description: 'address with its prefix length', examples: ['10.0.0.1/24', '2001:db8::1/64'] })

/** A prefix whose host bits are zero, `10.0.0.0/24` or `2001:db8::/64`. */
export const prefix = z
  .string()
  .refine((text) => text.includes('/') && isAddress(text) && networkOf(text) === canonical(text), {
    error: ({ input }) => `expected ${prefixLike(input)}`,
  })
  .meta({ description: 'prefix: the address of a network with its length', examples: ['10.0.0.0/24', '2001:db8::/64'] })

/** The address of a host without a prefix length, `10.0.0.1` or `2001:db8::1`. */
export const hostAddress = z
  .string()
  .refine(
    (text) => !text.includes('/') && isAddress(text),
    'expected an address without prefix length, such as "10.0.0.1"',
  )
  .meta({ description: 'address without prefix length', examples: ['10.0.0.1', '2001:db8::1'] })

/** A unicast link-layer address in the kernel's writing, `02:00:00:00:00:01`. */
export const mac = z
  .string()
  .regex(/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/, 'expected a unicast mac in lower case, such as "02:00:00:00:00:01"')
  .refine((text) => text !== '00:00:00:00:00:00', 'expected a mac that is not all zero')
  .meta({ description: 'mac: a unicast link-layer address, in lower case', examples: ['02:00:00:00:00:01'] })

const mtuRange = { error: 'expected an integer from 68 to 65535' }

/** MTU in bytes without the link-layer header: IPv4 needs 68 (RFC 791 §3.2), IPv6 1280 (RFC 8200 §5). */
export const mtu = z
  .int(mtuRange)
  .min(68, mtuRange)
  .max(65_535, mtuRange)
  .meta({ description: 'MTU in bytes, without the link-layer header; IPv6 needs 1280 or more', examples: [1500] })

/** Says which family an address or prefix is of: 4 or 6. */
export const familyOf = (text: string): 4 | 6 => (text.includes(':') ? 6 : 4)

/** Writes an address, with or without length, as the kernel prints it: `2001:DB8:0::1/64` is `2001:db8::1/64`. */
export function canonical(text: string): string {
  if (plainIpv4(text)) return text
  const parsed = parse(text)
  return text.includes('/') ? `${parsed.correctForm()}/${parsed.subnetMask}` : parsed.correctForm()
}

/** Writes the prefix that an address is in: of `10.0.0.7/24` it is `10.0.0.0/24`. */
export function networkOf(text: string): string {
  const plain = plainIpv4(text)
  if (plain) return `${ipv4Text(firstOf(plain))}/${plain.length}`
  const parsed = parse(text)
  return `${parsed.startAddress().correctForm()}/${parsed.subnetMask}`
}

/** Says whether an address or prefix lies in a prefix; what is none of them lies nowhere. */
export function liesIn(text: string, network: string): boolean {
  const [inner, outer] = [spanOf(text), spanOf(network)]
  if (!inner || !outer || inner.family !== outer.family) return false
  return inner.first >= outer.first && inner.last <= outer.last
}

/** The addresses that a prefix, or the network of an address, has. */
interface Span {
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
}

/** Whoever compares addresses with many prefixes asks for each of them many times. */
const spans = new Map<string, Span | undefined>()
const MOST_SPANS = 10_000

function spanOf(text: string): Span | undefined {
  const plain = plainIpv4(text)
  if (plain) return { family: 4, first: BigInt(firstOf(plain)), last: BigInt(firstOf(plain) + sizeOf(plain) - 1) }
  if (spans.has(text)) return spans.get(text)
  const parsed = isAddress(text) ? parse(text) : undefined
  const span = parsed && {
    family: familyOf(text),
    first: parsed.startAddress().bigInt(),
    last: parsed.endAddress().bigInt(),
  }
  if (spans.size >= MOST_SPANS) spans.clear()
  spans.set(text, span)
  return span
}

function isLinkName(name: string): boolean {
  return Buffer.byteLength(name) <= 15 && /^[^/:%\s\x00-\x1f\x7f]+$/.test(name) && name !== '.' && name !== '..'
}

function isNetnsName(name: string): boolean {
  return /^[A-Za-z0-9_@+][\w.@+-]{0,63}$/.test(name)
}

function isAddress(text: string): boolean {
  if (plainIpv4(text)) return true
  const { Address4, Address6 } = ipAddresses()
  return !text.includes('%') && (text.includes(':') ? Address6.isValid(text) : Address4.isValid(text))
}

/** Names a prefix as it is expected in place of what came: of that very network, where it is an address of one. */
export function prefixLike(input: unknown): string {
  const expected = 'a prefix such as "10.0.0.0/24"'
  if (typeof input !== 'string' || !input.includes('/') || !isAddress(input)) return expected
  return `${expected} with zero host bits ("${networkOf(input)}" would be one)`
}

function parse(text: string): Address4 | Address6 {
  const packaged = ipAddresses()
  return text.includes(':') ? new packaged.Address6(text) : new packaged.Address4(text)
}
