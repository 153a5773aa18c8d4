import { randomBytes, scryptSync } from 'node:crypto'

/**
 * Tells the right value of a secret from another one, when a run goes on: `SALT:CHECK`, in hex.
 *
 * A wrong value must be noticed: steps find what they made by what they were given, so it would leave the first rule behind
 * and make a second one. Sixteen bits of scrypt are enough for that (one wrong value in 65,536 passes), and too few to find
 * the secret with: of a list of guesses, one in 65,536 fits by chance.
 */
export function checkOf(secret: string, salt = randomBytes(16)): string {
  return `${salt.toString('hex')}:${scryptSync(secret, salt, 2).toString('hex')}`
}

/** Says whether a value is the one that a check was made of. */
export function fits(check: string, secret: string): boolean {
  return checkOf(secret, Buffer.from(check.split(':')[0]!, 'hex')) === check
}
