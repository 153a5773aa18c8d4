import type { Address4, Address6 } from 'ip-address'
import { ipAddresses } from './ip-addresses.ts'
import { firstOf, ipv4Text, plainIpv4, sizeOf } from './ipv4.ts'

/**
 * Finds host number n of a prefix; negative numbers count from its end: of `10.0.0.0/24`, 2 is `10.0.0.2`.
 *
 * @throws Error when the prefix is none, or has no such host
 */
export function cidrhost(prefix: string, n: bigint): string {
  const plain = prefix.includes('/') ? plainIpv4(prefix) : undefined
  const network = plain ? undefined : parsePrefix(prefix)
  const first = plain ? BigInt(firstOf(plain)) : network!.startAddress().bigInt()
  const last = plain ? first + BigInt(sizeOf(plain)) - 1n : network!.endAddress().bigInt()
  const host = n < 0n ? last + 1n + n : first + n
  if (host < first || host > last) throw new Error(`prefix ${prefix} has no host number ${n}`)
  if (plain) return ipv4Text(Number(host))
  const { Address4, Address6 } = ipAddresses()
  return (prefix.includes(':') ? Address6 : Address4).fromBigInt(host).correctForm()
}

/** The same with the prefix's length: `10.0.0.2/24`. @throws Error as `cidrhost` */
export const addressOf = (prefix: string, n: bigint): string => `${cidrhost(prefix, n)}/${prefix.split('/')[1]!}`

/**
 * Finds subnet number n among those that are `bits` longer than a prefix: of `10.0.0.0/8`, 16 and 2 it is `10.0.2.0/24`.
 *
 * @throws Error when the prefix is none, has no room for so many bits, or no such subnet
 */
export function cidrsubnet(prefix: string, bits: bigint, n: bigint): string {
  const { Address4, Address6 } = ipAddresses()
  const network = parsePrefix(prefix)
  const length = BigInt(network.subnetMask) + bits
  const room = BigInt(network instanceof Address4 ? 32 : 128) - length
  if (bits < 0n || room < 0n) throw new Error(`prefix ${prefix} has no subnets that are ${bits} bits longer`)
  if (n < 0n || n >= 1n << bits) throw new Error(`prefix ${prefix} has no subnet number ${n} of length ${length}`)
  const first = network.startAddress().bigInt() + (n << room)
  const start = network instanceof Address4 ? Address4.fromBigInt(first) : Address6.fromBigInt(first)
  return `${start.correctForm()}/${length}`
}

function parsePrefix(prefix: string): Address4 | Address6 {
  const { Address4, Address6 } = ipAddresses()
  const valid = prefix.includes('/') && (Address4.isValid(prefix) || Address6.isValid(prefix))
  if (!valid) throw new Error(`expected a prefix such as "10.0.0.0/24", got "${prefix}"`)
  return prefix.includes(':') ? new Address6(prefix) : new Address4(prefix)
}
