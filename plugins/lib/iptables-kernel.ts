import { ofText } from '../../core/memo.ts'

/** What the kernel really has of one nftables table, which `iptables-nft-save` does not tell. */
export interface KernelTable {
  /** Handle of each chain. */
  readonly chains: ReadonlyMap<string, number>
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
  return stdout === '' ? null : (tablesIn(stdout).get(`${family} ${table}`) ?? null)
}

const tablesIn = ofText((stdout): ReadonlyMap<string, KernelTable> => {
  const { nftables } = JSON.parse(stdout) as { readonly nftables: readonly { readonly [kind: string]: Entry }[] }
  const entries = nftables.flatMap((object) => Object.entries(object))
  const tables = new Map<string, { readonly chains: Map<string, number>; objects: boolean }>()
  for (const [kind, { family, name }] of entries)
    if (kind === 'table') tables.set(`${family} ${name}`, { chains: new Map(), objects: false })
  for (const [kind, { family, table, name = '', handle = 0 }] of entries) {
    const inside = tables.get(`${family} ${table}`)
    if (kind === 'chain') inside?.chains.set(name, handle)
    else if (inside && kind !== 'rule') inside.objects = true
  }
  return tables
})
