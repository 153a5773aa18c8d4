import type { FilterChain, FilterRule, FilterTable } from './chains.ts'
import { isManagedByIptables } from './nft-ruleset.ts'
import type { Limit } from './packet-limits.ts'

/**
 * Reads the chains that `nft list ruleset` printed, counters included; those of iptables-nft are left out, for it tells
 * them better itself. A map of verdicts is read as a rule for each of its elements.
 *
 * @see nft(8)
 */
export function parseNftChains(stdout: string): readonly FilterTable[] {
  const blocks = Array.from(stdout.matchAll(/^table (\S+) (\S+) \{[^\n]*\n([^]*?)^\}$/gm))
  return blocks.flatMap(([, family = '', name = '', body = '']) => {
    const chains = chainsOf(body)
    const names = chains.map((chain) => chain.name)
    const unseen = isManagedByIptables(family, name, names) || /^\tflags .*dormant/m.test(body)
    const comment = /^\tcomment "([^"]*)"$/m.exec(body)?.[1] ?? null
    return unseen ? [] : [{ backend: 'nft' as const, family, name, comment, chains }]
  })
}

function chainsOf(body: string): readonly FilterChain[] {
  return Array.from(body.matchAll(/^\tchain (\S+) \{[^\n]*\n([^]*?)^\t\}$/gm), ([, name = '', inner = '']) => {
    const lines = inner.replace(/\n\t\t\s+/g, ' ').split('\n')
    const base = lines.flatMap((line) => BASE.exec(line) ?? [])
    const rules = lines
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/^(type \S+ hook|comment ")/.test(line))
    return {
      name,
      hook: base[1] ?? null,
      policy: base[2] === 'drop' ? 'drop' : 'accept',
      packets: null,
      rules: rules.flatMap(elementsOf).map(ruleOf),
    }
  })
}

const BASE = /^\t\ttype \S+ hook (\S+) [^;]*;(?: policy (\w+);)?/

/** Writes `iifname vmap { "lo" : accept, "eth0" : jump x }` as two rules. */
function elementsOf(line: string): readonly string[] {
  const [, before, elements] = /^(.*) vmap \{ (.*) \}/.exec(line) ?? []
  if (before === undefined || elements === undefined) return [line]
  return elements.split(', ').map((element) => `${before} ${element.replace(/ : (?!.* : )/, ' ')}`)
}

function ruleOf(line: string): FilterRule {
  const [whole, comment] = / comment "([^"]*)"$/.exec(line) ?? ['']
  const text = line.slice(0, line.length - whole.length)
  const bare = text.replace(/ ?counter packets \d+ bytes \d+/, '').replace(/ ?\blog( prefix "[^"]*"| \w+ \w+)*/, '')
  const [verdictText, verdict, , to] = VERDICT.exec(bare) ?? ['']
  const conditions = bare.slice(0, bare.length - verdictText.length)
  const packets = /\bcounter packets (\d+) /.exec(text)?.[1]
  return {
    verdict: (verdict?.split(' ')[0] ?? 'other') as FilterRule['verdict'],
    to: to ?? null,
    limits: limitsIn(conditions),
    always: conditions.trim() === '',
    packets: packets === undefined ? null : Number(packets),
    comment: comment ?? null,
    text: text.replace(/ packets \d+ bytes \d+/, ''),
  }
}

const VERDICT = /(?:^|\s)(accept|drop|return|reject(?: with .*)?|(jump|goto) (\S+))$/

const MATCH =
  /\b(iif(?:name)?|oif(?:name)?|meta l4proto|ip protocol|ip6 nexthdr|ct state|meta nfproto|ip6? [sd]addr|(?:tcp|udp|th) dport|icmp(?:v6)? type) (!= )?(\{ [^}]*\}|\S+)/g

function limitsIn(conditions: string): readonly Limit[] {
  const limits: Limit[] = []
  for (const [, key = '', negated, value = ''] of conditions.matchAll(MATCH)) {
    const what = KINDS.find(([words]) => words.test(key))?.[1]
    if (what && negated === undefined) limits.push({ what, values: valuesOf(value) })
  }
  const protocol = /\b(tcp|udp|icmp|icmpv6|sctp|dccp|udplite|esp|ah|igmp) (?!\{|\S+$|[,}])/.exec(conditions)?.[1]
  if (protocol !== undefined) limits.push({ what: 'protocol', values: [protocol] })
  const family = /\b(ip6?|icmp(?:v6)?|arp) [a-z]/.exec(conditions)?.[1]
  if (family !== undefined) limits.push({ what: 'family', values: [FAMILY[family] ?? family] })
  return limits
}

const KINDS: readonly (readonly [RegExp, Limit['what']])[] = [
  [/^iif/, 'in'],
  [/^oif/, 'out'],
  [/l4proto|protocol|nexthdr/, 'protocol'],
  [/state/, 'state'],
  [/nfproto/, 'family'],
  [/addr/, 'address'],
  [/dport/, 'port'],
  [/type/, 'icmp'],
]

const FAMILY: { readonly [word: string]: string } = { ip: 'ipv4', ip6: 'ipv6', icmp: 'ipv4', icmpv6: 'ipv6' }

const valuesOf = (value: string): readonly string[] =>
  value
    .replace(/^\{ | ?\}$/g, '')
    .split(/,\s*/)
    .map((each) => each.replaceAll('"', ''))
