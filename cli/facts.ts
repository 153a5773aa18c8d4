import { readFileSync, statSync } from 'node:fs'
import { hostname, release } from 'node:os'
import type { Command, Exec } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import type { Facts } from '../core/step.ts'
import { expectSuccess, missingProgram, unusable } from '../core/tools.ts'

/**
 * Reads the facts of the host: what `host.*` gives to workflows, and what undo compares with.
 *
 * @throws TOOL_MISSING when `ip` is not installed; TOOL_FAILED when a tool fails or prints what is not its own
 */
export async function readFacts(exec: Exec): Promise<Facts> {
  const [uplink4, uplink6, iptables] = await Promise.all([
    defaultLink(exec, '-4'),
    defaultLink(exec, '-6'),
    iptablesBackend(exec),
  ])
  return {
    uplink: uplink4 ?? uplink6 ?? '',
    hostname: hostname(),
    kernel: release(),
    boot: bootOf(),
    netns: netnsOf(),
    iptables,
  }
}

/** Names this boot of the machine. @see random(4) */
export const bootOf = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** Inode of the netns that nsnet runs in. */
const netnsOf = (): number => statSync('/proc/self/ns/net').ino

/** @throws OTHER_NETNS when a run was made in another netns of this boot: here it would find nothing of its own. */
export function expectSameNetns({ run, facts }: RunStarted): void {
  const here = netnsOf()
  if (facts.boot !== bootOf() || facts.netns === here) return
  const message = `expected to be in the netns of run ${run} (inode ${facts.netns}), this one has inode ${here}`
  throw new NsnetError('OTHER_NETNS', message, 'enter the netns that it was run in: nsenter --net, or ip netns exec')
}

interface DefaultRoute {
  readonly dev?: string
  readonly metric?: number
}

async function defaultLink(exec: Exec, family: '-4' | '-6'): Promise<string | undefined> {
  const command: Command = { argv: ['ip', family, '-json', 'route', 'show', 'default'] }
  const output = await exec(command)
  // a kernel without IPv6 may refuse the question; that `ip` works at all is known from IPv4
  if (family === '-6' && output.exitCode !== 0 && !output.timedOut) return undefined
  expectSuccess(command, output)
  try {
    const routes = JSON.parse(output.stdout.trim() || '[]') as readonly DefaultRoute[]
    return routes.toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0)).find(({ dev }) => dev !== undefined)?.dev
  } catch {
    throw unusable(command, output, 'did not print its routes as JSON')
  }
}

async function iptablesBackend(exec: Exec): Promise<Facts['iptables']> {
  const command: Command = { argv: ['iptables', '--version'] }
  const output = await exec(command)
  if (missingProgram(output) !== undefined) return 'none'
  expectSuccess(command, output)
  if (!/^ip6?tables v\d/.test(output.stdout)) throw unusable(command, output, 'did not print its version')
  return output.stdout.includes('nf_tables') ? 'nft' : 'legacy'
}
