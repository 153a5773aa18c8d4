import { readFileSync } from 'node:fs'
import { NsnetError } from '../core/errors.ts'
import { SEE_DOCTOR } from '../core/tools.ts'

/** The capabilities that network set-up needs, each with its bit. @see capabilities(7) */
const NEEDED = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const

/** Names the capabilities that network set-up needs and a process does not have; `status` is its `/proc/PID/status`. */
export function missingCapabilities(status: string): readonly string[] {
  const effective = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? '0'}`)
  return Object.entries(NEEDED).flatMap(([name, bit]) => ((effective >> bit) % 2n === 1n ? [] : [name]))
}

/** What the kernel says of this process. @see proc_pid_status(5) */
export const ownStatus = (): string => readFileSync('/proc/self/status', 'utf8')

/**
 * Refuses to go on without the capabilities that network set-up needs; `advice` is what an ordinary user may do then, by
 * default try a sandbox.
 *
 * @throws NEEDS_PRIVILEGE
 */
export function expectPrivilege(advice = 'try it without any risk by adding --sandbox, or run it with sudo'): void {
  if (missingCapabilities(ownStatus()).length === 0) return
  const isRoot = process.getuid?.() === 0
  const who = isRoot ? 'root without them, as in a container' : 'an ordinary user'
  const message = `expected the right to configure the network (CAP_NET_ADMIN and CAP_SYS_ADMIN), got ${who}`
  const hint = isRoot ? 'start the container with --privileged' : advice
  throw new NsnetError('NEEDS_PRIVILEGE', message, `${hint}\n${SEE_DOCTOR}`)
}
