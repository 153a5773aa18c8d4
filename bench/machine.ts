import { spawnSync } from 'node:child_process'
import { cpus, loadavg, release } from 'node:os'

/** On what the figures were measured. */
export interface Machine {
  readonly commit: string
  readonly cpu: string
  readonly cpus: number
  readonly kernel: string
  readonly node: string
  readonly iproute2: string
  readonly iptables: string
  readonly user: string
  /** Processes that wanted to run in the last minute before: what is above half a one slows all contestants, some more. */
  readonly load: number
  /** The file system that journals are on. */
  readonly disk: string
}

/** Tells what the figures are measured on; `dir` is where journals are. */
export function machineOf(dir: string): Machine {
  const isChanged = said('git', 'status', '--porcelain', '--untracked-files=no') !== ''
  return {
    commit: `${said('git', 'rev-parse', '--short', 'HEAD') || 'unknown'}${isChanged ? ', changed' : ''}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: cpus().length,
    kernel: release(),
    node: process.versions.node,
    iproute2: /iproute2-([\d.]+)/.exec(said('ip', '-V'))?.[1] ?? 'unknown',
    iptables: said('iptables', '--version').replace('iptables v', ''),
    user: process.getuid?.() === 0 ? 'root' : 'ordinary user',
    load: loadavg()[0]!,
    disk: said('findmnt', '-n', '-o', 'FSTYPE', '-T', dir) || 'unknown',
  }
}

const said = (file: string, ...args: readonly string[]): string =>
  (spawnSync(file, args, { encoding: 'utf8' }).stdout ?? '').trim()
