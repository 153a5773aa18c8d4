import { createPrivateKey, createPublicKey } from 'node:crypto'
import { z } from 'zod'

/** A key of WireGuard: 32 bytes in base64, as `wg genkey` prints them. */
export const wireguardKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'expected a key: 44 characters of base64, as "wg genkey" prints it')

/** How a private key of X25519 begins in DER. @see RFC 8410 §7 */
const PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** Gives the public key of a private one. @see RFC 7748 */
export function publicKeyOf(privateKey: string): string {
  const der = Buffer.concat([PRIVATE, Buffer.from(privateKey, 'base64')])
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')
}
