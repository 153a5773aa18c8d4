import { inNetns } from '../../core/command.ts'
import { quote } from '../../core/quote.ts'
import type { FilterChain, FilterRule, FilterTable } from './chains.ts'
import { canMeet, type Traffic } from './packet-limits.ts'

/** A chain that drops or rejects, or may have. */
export interface Suspect {
  readonly table: FilterTable
  /** The chain that is hooked into the path of the packets. */
  readonly base: FilterChain
  /** The chain that drops: the base chain, or one that it leads to. */
  readonly chain: FilterChain
  /** The rule that drops; null when it is the policy. */
  readonly rule: FilterRule | null
  /** The run lets packets through in this chain itself, or made it: then it is hardly to blame. */
  readonly own: boolean
}

/**
 * Finds what drops or rejects packets of this traffic at these hooks: policies, and rules also behind jumps.
 *
 * Left out is what cannot have: a rule for other packets, one that has counted none, and what comes behind a rule that
 * lets all through. `tag` is how the comments of the run's own rules begin.
 */
export function suspectsIn(
  tables: readonly FilterTable[],
  hooks: readonly string[],
  traffic: Traffic,
  tag: string,
): readonly Suspect[] {
  return tables
    .filter(({ family }) => familiesOf(family).some((it) => traffic.families.includes(it)))
    .flatMap((table) =>
      table.chains
        .filter(({ hook }) => hook !== null && hooks.includes(hook))
        .flatMap((base) => suspectsOf(table, base, traffic, tag)),
    )
}

/** The families of packets that a table sees; those of `arp` and `bridge` are not looked at. */
function familiesOf(family: string): readonly ('ipv4' | 'ipv6')[] {
  if (family === 'inet' || family === 'netdev') return ['ipv4', 'ipv6']
  return family === 'ip' || family === 'ipv4' ? ['ipv4'] : family === 'ip6' || family === 'ipv6' ? ['ipv6'] : []
}

function suspectsOf(table: FilterTable, base: FilterChain, traffic: Traffic, tag: string): readonly Suspect[] {
  const found: Suspect[] = []
  let own = table.comment?.startsWith(tag) ?? false
  let letsThrough = false
  const accuse = (chain: FilterChain, rule: FilterRule | null): void =>
    void found.push({ table, base, chain, rule, own: own || (rule?.comment?.startsWith(tag) ?? false) })
  /** Says whether every packet's fate is decided in the chain. */
  const visit = (chain: FilterChain, path: readonly FilterChain[]): boolean => {
    for (const rule of chain.rules) {
      const { verdict, always } = rule
      if (!canMeet(rule.limits, traffic)) continue
      // nothing came as far as here
      if (rule.packets === 0 && always) return true
      if (rule.packets === 0) continue
      if (verdict === 'drop' || verdict === 'reject') accuse(chain, rule)
      if (verdict === 'accept' && rule.comment?.startsWith(tag)) own = true
      if (verdict === 'accept' && own) letsThrough = true
      const next = table.chains.find(({ name }) => name === rule.to)
      const decided = next && !path.includes(next) ? visit(next, [...path, next]) : isFinal(verdict)
      if (always && (decided || verdict === 'goto' || verdict === 'return')) return decided
    }
    return false
  }
  const isDecided = visit(base, [base])
  // of packets that the run itself lets through, only a count shows that the policy met some
  const isLikely = letsThrough ? (base.packets ?? 0) > 0 : base.packets !== 0
  if (!isDecided && base.policy === 'drop' && isLikely) accuse(base, null)
  return found
}

const isFinal = (verdict: FilterRule['verdict']): boolean => ['accept', 'drop', 'reject'].includes(verdict)

/** Writes the command that shows a suspect's chain. */
export function lookAt({ table, chain }: Suspect, netns: string | undefined): string {
  const program = `${table.family === 'ipv6' ? 'ip6tables' : 'iptables'}-${table.backend.replace('iptables-', '')}`
  const argv =
    table.backend === 'nft'
      ? ['nft', 'list', 'chain', table.family, table.name, chain.name]
      : [program, '-t', table.name, '-S', chain.name]
  return inNetns(netns, argv).map(quote).join(' ')
}
