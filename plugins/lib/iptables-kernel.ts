/** What the kernel really has of one nftables table, which `iptables-nft-save` does not tell. */
export interface KernelTable {
  /** Handle of each chain. */
  readonly chains: { readonly [name: string]: number }
  /** There is something in it that is neither chain nor rule: a set, a map, a flow table … */
  readonly objects: boolean
}

interface Entry {
  readonly name?: string
  readonly family?: string
  readonly table?: string
  readonly handle?: number
}

/**
 * Reads one table out of what `nft -j list ruleset` printed; null when it is not there.
 *
 * `iptables-nft-save` prints a table's built-in chains with the policy ACCEPT also where the kernel has none of them.
 *
 * @see libnftables-json(5)
 */
export function parseKernelTable(stdout: string, family: 'ip' | 'ip6', table: string): KernelTable | null {
  if (stdout === '') return null
  const { nftables } = JSON.parse(stdout) as { readonly nftables: readonly { readonly [kind: string]: Entry }[] }
  const entries = nftables.flatMap((object) => Object.entries(object)).filter(([, entry]) => entry.family === family)
  if (!entries.some(([kind, { name }]) => kind === 'table' && name === table)) return null
  const inside = entries.filter(([, entry]) => entry.table === table)
  const chains = inside.filter(([kind]) => kind === 'chain')
  return {
    chains: Object.fromEntries(chains.map(([, { name, handle }]) => [name, handle ?? 0])),
    objects: inside.some(([kind]) => kind !== 'chain' && kind !== 'rule'),
  }
}
