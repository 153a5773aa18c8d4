import { readFileSync, statSync } from 'node:fs'
import { hostname, release } from 'node:os'
import type { Exec } from '../core/command.ts'
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
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    netns: statSync('/proc/self/ns/net').ino,
    iptables,
  }
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
