/** An IPv4 address or prefix, as numbers. */
export interface Ipv4 {
  readonly address: number
  /** Of the prefix: 0 to 32; 32 where the text names none. */
  readonly length: number
}

const BYTE = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const PLAIN = new RegExp(`^${BYTE}\\.${BYTE}\\.${BYTE}\\.${BYTE}(?:/(3[0-2]|[12]?\\d))?$`)

/**
 * Reads an IPv4 address or prefix in the one way that the kernel writes it, `10.0.0.1` or `10.0.0.0/24`; undefined for
 * whatever else it may be. Most of what a workflow says is written so, and needs no package that knows all the other ways.
 */
export function plainIpv4(text: string): Ipv4 | undefined {
  const [, a, b, c, d, length = '32'] = PLAIN.exec(text) ?? []
  if (a === undefined) return undefined
  return { address: [a, b, c, d].reduce((sum, byte) => sum * 256 + Number(byte), 0), length: Number(length) }
}

/** Writes an address of 32 bits. */
export const ipv4Text = (address: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.')

/** Finds the first address of the prefix that an address is in. */
export const firstOf = ({ address, length }: Ipv4): number => address - (address % sizeOf({ length }))

/** Counts the addresses of a prefix. */
export const sizeOf = ({ length }: Pick<Ipv4, 'length'>): number => 2 ** (32 - length)
