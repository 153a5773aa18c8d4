import { readFileSync, statSync } from 'node:fs'
import { hostname, release } from 'node:os'
import type { Exec } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import type { Facts } from '../core/step.ts'
import { iptablesBackend } from './iptables-backend.ts'
import { uplinkOf } from './uplink.ts'

/**
 * Reads the facts of the host: what `host.*` gives to workflows, and what undo compares with.
 *
 * @throws TOOL_MISSING when `ip` is not installed; TOOL_FAILED when a tool fails or prints what is not its own
 */
export async function readFacts(exec: Exec): Promise<Facts> {
  const [uplink, iptables] = await Promise.all([uplinkOf(exec), iptablesBackend(exec)])
  return {
    uplink,
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
