import { batchLine } from './join-ip.ts'
import { loadOf } from './join-load.ts'
import { settingOf } from './join-sysctl.ts'
import type { Command } from './command.ts'

/**
 * Names what one process can do together: commands with the same lane may be joined, in their order. Undefined when a
 * command can only run by itself: it has exit codes or a time limit of its own, words that a batch cannot carry, or is
 * nothing that is known.
 *
 * Lanes: changes by `ip` per netns and per leading options, `iptables` per program, netns and table, `nft -f -` per netns,
 * `sysctl -w` per netns and options.
 */
export function laneOf(command: Command): string | undefined {
  if (command.okExits !== undefined || command.timeoutMs !== undefined) return undefined
  return batchLine(command)?.lane ?? loadOf(command)?.lane ?? settingOf(command)?.lane
}
