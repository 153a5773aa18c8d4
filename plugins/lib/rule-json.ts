import { ofText } from '../../core/memo.ts'
import { canonical } from '../../core/net.ts'

/** What a rule of policy routing says, without its priority: the words of ip-rule(8) with their values, in a fixed order. */
export type RuleWords = {
  readonly not?: string
  readonly from?: string
  readonly to?: string
  readonly iif?: string
  readonly oif?: string
  /** In hexadecimal, with its mask unless that is all ones. */
  readonly fwmark?: string
  /** The protocol's number. */
  readonly ipproto?: string
  readonly sport?: string
  readonly dport?: string
  /** The table's number, or its name where the kernel has no number of its own for it. */
  readonly table?: string
  /** What becomes of the packets where no table is looked at. */
  readonly action?: string
  readonly suppress?: string
  /** What nsnet cannot ask for (`tos`, `uidrange`, `goto` …): it makes a rule different from each that it can. */
  readonly other?: string
}

/** A rule that is there. */
export interface PolicyRule {
  readonly priority: number
  readonly says: RuleWords
}

/** Reads `ip -N -json -details rule show`, in the kernel's order; nothing printed means a netns that is not there yet. */
export const parseRules = ofText((stdout): readonly PolicyRule[] => {
  const rows = stdout.trim() === '' ? [] : (JSON.parse(stdout) as readonly Row[])
  return rows.map((row) => ({ priority: row.priority, says: wordsOf(row) }))
})

/** The priority that the kernel gives a rule without one: one less than the second rule's. @see fib_default_rule_pref() */
export function nextPriority(rules: readonly PolicyRule[]): number {
  if (rules.length === 0) return FRESH
  const second = rules[1]?.priority ?? 0
  return second === 0 ? 0 : second - 1
}

/** In a netns with no rules but the kernel's own (0, 32766, 32767). */
const FRESH = 32_765

/**
 * Says whether the kernel, asked to delete what the second says, would take the first for it: it compares only what it is
 * given, and neither `not` nor what is suppressed in every version. @see rule_find() in net/core/fib_rules.c
 */
export function covers(there: RuleWords, asked: RuleWords): boolean {
  const { not: _, suppress: __, ...compared } = asked
  return Object.entries(compared).every(([word, value]) => there[word as keyof RuleWords] === value)
}

/** A rule in JSON; numbers of protocols, tables and actions come as texts. */
interface Row {
  readonly priority: number
  readonly not?: null
  readonly src?: string
  readonly srclen?: number
  readonly dst?: string
  readonly dstlen?: number
  readonly iif?: string
  readonly oif?: string
  readonly fwmark?: string
  readonly fwmask?: string
  readonly ipproto?: string
  readonly sport?: number
  readonly sport_start?: number
  readonly sport_end?: number
  readonly dport?: number
  readonly dport_start?: number
  readonly dport_end?: number
  readonly table?: string
  readonly action?: string
  readonly suppress_prefixlen?: number
}

const KNOWN = new Set(
  (
    'priority not src srclen dst dstlen iif oif iif_detached oif_detached fwmark fwmask ipproto sport sport_start ' +
    'sport_end dport dport_start dport_end table action suppress_prefixlen protocol'
  ).split(' '),
)

function wordsOf(row: Row): RuleWords {
  const others = Object.entries(row).filter(([key]) => !KNOWN.has(key))
  const text = {
    not: row.not === undefined ? undefined : '',
    from: prefixOf(row.src, row.srclen),
    to: prefixOf(row.dst, row.dstlen),
    iif: row.iif,
    oif: row.oif,
    fwmark: row.fwmark && markOf(row.fwmark, row.fwmask),
    ipproto: row.ipproto && protocolNumber(row.ipproto),
    sport: portsOf(row.sport, row.sport_start, row.sport_end),
    dport: portsOf(row.dport, row.dport_start, row.dport_end),
    table: row.table && (TABLES[row.table] ?? row.table),
    action: row.action && (ACTIONS[row.action] ?? row.action),
    suppress: row.suppress_prefixlen?.toString(),
    other: others.length === 0 ? undefined : JSON.stringify(others),
  }
  return Object.fromEntries(Object.entries(text).filter(([, value]) => value !== undefined)) as RuleWords
}

/** Writes a mark as the kernel does; the mask of all bits is left out. */
export const markOf = (mark: string, mask = '0xffffffff'): string => {
  const [value, bits] = [Number(mark), Number(mask)].map((number) => `0x${number.toString(16)}`)
  return bits === '0xffffffff' ? value! : `${value}/${bits}`
}

function prefixOf(address: string | undefined, length: number | undefined): string | undefined {
  if (address === undefined || address === 'all') return undefined
  const full = address.includes(':') ? 128 : 32
  return canonical(`${address}/${length ?? full}`)
}

/** The number of a protocol: of a name that nsnet knows, or at the end of what `-N` prints (`ipproto-6`). */
const protocolNumber = (text: string): string => PROTOCOLS[text] ?? /\d+$/.exec(text)?.[0] ?? text

/** The numbers of the protocols that have a name here. @see protocols(5) */
export const PROTOCOLS: { readonly [name: string]: string } = {
  icmp: '1',
  tcp: '6',
  udp: '17',
  icmpv6: '58',
  sctp: '132',
}

/** The numbers of the tables that the kernel makes itself. */
export const TABLES: { readonly [name: string]: string } = { default: '253', main: '254', local: '255' }

const portsOf = (one?: number, first?: number, last?: number): string | undefined =>
  one === undefined ? (first === undefined ? undefined : `${first}-${last}`) : `${one}`

/** Names of the numbers that `-N` prints. @see linux/fib_rules.h */
const ACTIONS: { readonly [number: string]: string } = { 6: 'blackhole', 7: 'unreachable', 8: 'prohibit' }
