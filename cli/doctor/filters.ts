import { succeeded, type Command, type Output } from '../../core/command.ts'
import { parseIptablesChains } from '../../plugins/lib/iptables-chains.ts'
import { parseNftChains } from '../../plugins/lib/nft-chains.ts'
import type { FilterTable } from '../../plugins/lib/chains.ts'

/** A listing of rules, and how it is read. */
interface Listing {
  readonly command: Command
  readonly read: (stdout: string) => readonly FilterTable[]
}

const saved = (backend: 'iptables-nft' | 'iptables-legacy', family: 'ipv4' | 'ipv6'): Listing => {
  const program = backend.replace('iptables', family === 'ipv4' ? 'iptables' : 'ip6tables')
  return {
    command: { argv: [`${program}-save`] },
    read: (stdout) => parseIptablesChains(stdout, backend, family),
  }
}

const listings: readonly Listing[] = [
  { command: { argv: ['nft', 'list', 'ruleset'] }, read: parseNftChains },
  saved('iptables-nft', 'ipv4'),
  saved('iptables-nft', 'ipv6'),
  saved('iptables-legacy', 'ipv4'),
  saved('iptables-legacy', 'ipv6'),
]

/** The commands that list all rules of the packet filter. */
export const listFilters: readonly Command[] = listings.map(({ command }) => command)

/** What is there of the packet filter. */
export interface Filters {
  readonly tables: readonly FilterTable[]
  /** The commands that may not look. */
  readonly refused: readonly Command[]
  /** The commands whose answers were not understood. */
  readonly strange: readonly Command[]
}

/**
 * Reads what `listFilters` printed, without counters: what no packet has met yet may meet one later. A listing that failed
 * (no such program, no such backend in the kernel) shows nothing.
 */
export function parseFilters(outputs: readonly Output[]): Filters {
  const read = listings.flatMap(({ command, read: parse }, at) => {
    const output = outputs[at]
    return output && succeeded(command, output) ? [{ command, tables: understood(parse, output.stdout) }] : []
  })
  return {
    tables: read.flatMap(({ tables }) => tables ?? []).map(uncounted),
    refused: listings.flatMap(({ command }, at) => (REFUSED.test(outputs[at]?.stderr ?? '') ? [command] : [])),
    strange: read.flatMap(({ command, tables }) => (tables === undefined ? [command] : [])),
  }
}

const REFUSED = /Operation not permitted|Permission denied|must be root/

function understood(parse: Listing['read'], stdout: string): readonly FilterTable[] | undefined {
  if (/^[^#\s]/m.test(stdout) && !/^(table |\*)/m.test(stdout)) return undefined
  try {
    return parse(stdout)
  } catch {
    return undefined
  }
}

const uncounted = (table: FilterTable): FilterTable => ({
  ...table,
  chains: table.chains.map((chain) => ({
    ...chain,
    packets: null,
    rules: chain.rules.map((rule) => ({ ...rule, packets: null })),
  })),
})
