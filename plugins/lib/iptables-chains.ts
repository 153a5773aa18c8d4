import type { FilterChain, FilterRule, FilterTable } from './chains.ts'
import { clausesOf } from './iptables-rules.ts'
import { parseSave, type SavedRule } from './iptables-save.ts'
import type { Limit } from './packet-limits.ts'

/**
 * Reads the chains that `iptables-save -c` printed, with their counters. iptables-nft counts nothing for policies.
 *
 * @throws when that is not what `iptables-save` prints
 * @see iptables-save(8)
 */
export function parseIptablesChains(
  stdout: string,
  backend: 'iptables-nft' | 'iptables-legacy',
  family: 'ipv4' | 'ipv6',
): readonly FilterTable[] {
  const names = Array.from(stdout.matchAll(/^\*(\w+)$/gm), ([, name]) => name!)
  return names.flatMap((name) => {
    const block = new RegExp(`^\\*${name}\\n[^]*?^COMMIT$`, 'm').exec(stdout)?.[0] ?? ''
    const saved = parseSave(block.replace(COUNTED, '-A'), name)
    if (saved === 'incompatible') return []
    const counts = Array.from(block.matchAll(COUNTED), ([, packets]) => Number(packets))
    const rules = saved.rules.map((rule, at) => ({ chain: rule.chain, ...ruleOf(rule, counts[at]) }))
    const chains = Object.entries(saved.chains).map(([chain, policy]): FilterChain => ({
      name: chain,
      hook: policy === '-' ? null : chain.toLowerCase(),
      policy: policy === 'DROP' ? 'drop' : 'accept',
      packets: backend === 'iptables-nft' ? null : policyPackets(block, chain),
      rules: rules.filter((rule) => rule.chain === chain),
    }))
    return [{ backend, family, name, comment: null, chains }]
  })
}

const COUNTED = /^\[(\d+):\d+\] -A/gm

function policyPackets(block: string, chain: string): number | null {
  const line = block.split('\n').find((text) => text.startsWith(`:${chain} `)) ?? ''
  const packets = /\[(\d+):\d+\]/.exec(line)?.[1]
  return packets === undefined ? null : Number(packets)
}

function ruleOf({ chain, words }: SavedRule, packets: number | undefined): FilterRule {
  const clauses = clausesOf(words)
  const at = clauses.findIndex(({ option }) => option === '-j' || option === '-g')
  const target = clauses[at]?.args[0] ?? ''
  const conditions = at === -1 ? clauses : clauses.slice(0, at)
  const jumps = clauses[at]?.option === '-g' ? 'goto' : 'jump'
  const verdict = VERDICTS[target] ?? (/^(LOG|NFLOG|[A-Z]*MARK|TCPMSS|NOTRACK|CT)$/.test(target) ? 'other' : jumps)
  return {
    verdict,
    to: verdict === 'jump' || verdict === 'goto' ? target : null,
    limits: conditions.flatMap(({ option, negated, args }): readonly Limit[] => {
      const what = KINDS[option]
      return what === undefined || negated ? [] : [{ what, values: (args[0] ?? '').split(',') }]
    }),
    always: conditions.every(
      ({ option, args }) => option === '--comment' || (option === '-m' && args[0] === 'comment'),
    ),
    packets: packets ?? null,
    comment: clauses.find(({ option }) => option === '--comment')?.args[0] ?? null,
    text: ['-A', chain, ...words].join(' '),
  }
}

const VERDICTS: { readonly [target: string]: FilterRule['verdict'] } = {
  ACCEPT: 'accept',
  DROP: 'drop',
  REJECT: 'reject',
  RETURN: 'return',
}

const KINDS: { readonly [option: string]: Limit['what'] } = {
  '-i': 'in',
  '-o': 'out',
  '-p': 'protocol',
  '-s': 'address',
  '-d': 'address',
  '--ctstate': 'state',
  '--state': 'state',
  '--dport': 'port',
  '--dports': 'port',
  '--icmp-type': 'icmp',
  '--icmpv6-type': 'icmp',
}
