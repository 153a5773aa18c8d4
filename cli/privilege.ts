import { readFileSync } from 'node:fs'
import { NsnetError } from '../core/errors.ts'

/** Bits of the capabilities that network set-up needs. @see capabilities(7) */
const CAP_NET_ADMIN = 12n
const CAP_SYS_ADMIN = 21n

/** Refuses to go on without the capabilities that network set-up needs. @throws NEEDS_PRIVILEGE */
export function expectPrivilege(): void {
  const effective = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`)
  const has = (bit: bigint): boolean => (effective >> bit) % 2n === 1n
  if (has(CAP_NET_ADMIN) && has(CAP_SYS_ADMIN)) return
  const message = 'expected the right to configure the network (CAP_NET_ADMIN and CAP_SYS_ADMIN), got an ordinary user'
  throw new NsnetError('NEEDS_PRIVILEGE', message, 'try it without any risk by adding --sandbox, or run it with sudo')
}
