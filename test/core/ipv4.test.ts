import fc from 'fast-check'
import { Address4 } from 'ip-address'
import { expect, test } from 'vitest'
import { cidrhost } from '../../core/host-number.ts'
import { plainIpv4 } from '../../core/ipv4.ts'
import { canonical, liesIn, networkOf } from '../../core/net.ts'

const byte = fc.oneof(
  fc.constantFrom('0', '00', '01', '1', '9', '10', '127', '199', '249', '255', '256', '', 'x'),
  fc.nat(299).map(String),
)
const length = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 0, max: 40 }).map((it) => `/${it}`),
  fc.constantFrom('/', '/08', '/00'),
)
const anyText = fc
  .tuple(fc.array(byte, { minLength: 3, maxLength: 5 }), length)
  .map(([bytes, end]) => bytes.join('.') + end)

test('what is read as plain IPv4 is IPv4 for the package too, and means the same', () =>
  fc.assert(
    fc.property(anyText, (text) => {
      if (plainIpv4(text) === undefined) return
      const known = new Address4(text)
      const [first, last] = [known.startAddress().correctForm(), known.endAddress().correctForm()]
      expect(canonical(text)).toBe(text)
      expect(networkOf(text)).toBe(`${first}/${known.subnetMask}`)
      if (!text.includes('/')) return
      expect([cidrhost(text, 0n), cidrhost(text, -1n)]).toEqual([first, last])
    }),
    { numRuns: 2000 },
  ))

const address = fc
  .tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 }))
  .map(([bits, size]) => `${Address4.fromBigInt(BigInt(bits)).correctForm()}/${size}`)

test('an IPv4 prefix lies in another where the package says so', () =>
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 32 }), (a, b, size) => {
      for (const network of [b, a.replace(/\/.*/, `/${size}`)])
        expect(liesIn(a, network)).toBe(new Address4(a).isInSubnet(new Address4(network)))
    }),
  ))
