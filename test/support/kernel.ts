import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { crewIn } from '../../core/crew.ts'
import { processExec } from '../../core/exec.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import { settle } from '../../core/wait.ts'
import type { Exec, Output } from '../../core/command.ts'
import { openWorld } from './open-world.ts'

/** A real kernel of one's own: private network, mount and pid namespaces, gone when the test ends. */
export interface Kernel {
  readonly exec: Exec
  /** Runs a command line split at spaces; throws when it fails; gives its stdout. */
  readonly sh: (line: string) => Promise<string>
  /** Words that put a command into this kernel. */
  readonly enter: readonly string[]
}

/** Makes a private kernel for the running test and takes it away afterwards. */
export function privateKernel(): Promise<Kernel> {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const isolate = ['--net', '--mount', '--propagation', 'private', '--fork', '--pid', '--mount-proc', '--kill-child']
  const prepare =
    'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && echo ready && exec sleep infinity'
  return kernelOf(['unshare', ...user, ...isolate, '--', 'sh', '-c', prepare])
}

/** Has tests enter a netns by `ip -n` and `ip netns exec`, never as nsnet does by itself. */
const NOWHERE = '/nowhere'

/** Opens the kernel that a command holds: it prints a line when all is ready, and then sleeps in its namespaces. */
export async function kernelOf(holder: readonly string[]): Promise<Kernel> {
  const { enter, close } = await openWorld(holder)
  onTestFinished(close)
  return kernelBy(enter)
}

/** The kernel into which some words put a command. */
export function kernelBy(enter: readonly string[]): Kernel {
  const exec = processExec({ inside: { enter, crew: crewIn(enter), root: NOWHERE } })
  return { exec, enter, sh: async (line) => checked(line, await exec({ argv: line.split(' ') })) }
}

/** The fingerprint once duplicate address detection is over: until then addresses are tentative and lack routes. */
export const settledFingerprint = (exec: Exec): ReturnType<typeof fingerprint> =>
  settle(
    () => fingerprint(exec),
    (seen) => !JSON.stringify(seen).includes('"tentative":true'),
    10_000,
  )

/** The fingerprint once the kernel has noticed the carrier of links that were set up a moment ago. */
export const carriedFingerprint = (exec: Exec): ReturnType<typeof fingerprint> =>
  settle(
    () => fingerprint(exec),
    (seen) => !JSON.stringify(seen).includes('"NO-CARRIER"'),
    10_000,
  )

function checked(line: string, { exitCode, stdout, stderr }: Output): string {
  if (exitCode !== 0) throw new Error(`${line}: exit code ${exitCode}: ${stderr}`)
  return stdout
}

/** Says whether a program is installed: for tests of tools that a system may lack. */
export function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
