import { readFileSync, statSync } from 'node:fs'
import { hostname, release } from 'node:os'
import type { Exec } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import type { Facts } from '../core/step.ts'

/** Reads the facts of the host: what `host.*` gives to workflows, and what undo compares with. */
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
export const netnsOf = (): number => statSync('/proc/self/ns/net').ino

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
  const { stdout, exitCode } = await exec({ argv: ['ip', family, '-json', 'route', 'show', 'default'] })
  if (exitCode !== 0 || stdout.trim() === '') return undefined
  const routes = JSON.parse(stdout) as readonly DefaultRoute[]
  return routes.toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0)).find(({ dev }) => dev !== undefined)?.dev
}

async function iptablesBackend(exec: Exec): Promise<Facts['iptables']> {
  const { stdout, exitCode } = await exec({ argv: ['iptables', '--version'] })
  if (exitCode !== 0) return 'none'
  return stdout.includes('nf_tables') ? 'nft' : 'legacy'
}
