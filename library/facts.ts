import { readFileSync, statSync } from 'node:fs'
import { hostname, release } from 'node:os'
import type { Exec } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import type { Facts } from '../core/step.ts'
import { iptablesBackend } from './iptables-backend.ts'
import { uplinkOf } from './uplink.ts'

/**
 * Reads the facts of the host: what `host.*` gives to workflows, and what undo compares with. `proc` is the directory
 * below `/proc` of a process that is in the host's netns.
 *
 * @throws TOOL_MISSING when `ip` is not installed; TOOL_FAILED when a tool fails or prints what is not its own
 */
export async function readFacts(exec: Exec, proc: string): Promise<Facts> {
  const [uplink, iptables] = await Promise.all([uplinkOf(exec, proc), iptablesBackend(exec)])
  return {
    uplink,
    hostname: hostname(),
    kernel: release(),
    boot: bootOf(),
    netns: netnsOf(proc),
    iptables,
  }
}

/** Names this boot of the machine. @see random(4) */
export const bootOf = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

/** Inode of the netns of a process; `proc` is its directory below `/proc`. */
export const netnsOf = (proc: string): number => statSync(`${proc}/ns/net`).ino

/** @throws OTHER_NETNS when a run was made in another netns of this boot: here it would find nothing of its own. */
export function expectSameNetns({ run, facts }: RunStarted, here: number): void {
  if (facts.boot !== bootOf() || facts.netns === here) return
  const message = `expected to be in the netns of run ${run} (inode ${facts.netns}), this one has inode ${here}`
  throw new NsnetError('OTHER_NETNS', message, 'enter the netns that it was run in: nsenter --net, or ip netns exec')
}
