import { canonical, networkOf } from '../../core/net.ts'

/** Matches the comment that nsnet puts on its rules, and gives the hash of what the rule says. */
export const NSNET_COMMENT = /^nsnet:[^\s:]+:([0-9a-f]{6})$/

/** An option of a rule with its arguments. */
export interface Clause {
  readonly option: string
  readonly negated: boolean
  readonly args: readonly string[]
}

/** Takes a rule apart into its options; short names and the older of two long ones give way to the usual name. */
export function clausesOf(words: readonly string[]): readonly Clause[] {
  const clauses: { option: string; negated: boolean; args: string[] }[] = []
  let negated = false
  for (const word of words) {
    const last = clauses.at(-1)
    if (word === '!') negated = true
    else if (!isOption(word) || (last && last.args.length === 0 && TAKES_TEXT.test(last.option))) last?.args.push(word)
    else {
      const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
      clauses.push({ option: ALIASES[name] ?? name, negated, args: value === undefined ? [] : [value] })
      negated = false
    }
  }
  return clauses
}

/**
 * Writes a rule so that two rules of one meaning give one text: whatever the order of its clauses, the names of its
 * options, and what iptables fills in by itself. nsnet's own comment is left out.
 *
 * Where it does not know better, two writings of one rule stay different; two different rules never become one.
 */
export function canonicalRule(words: readonly string[]): string {
  let scope = ''
  const texts = clausesOf(words).flatMap((clause) => {
    const { option, args } = clause
    if (option === '-m' || option === '-j' || option === '-g') scope = `${option} ${args[0] ?? ''}`
    const of = GLOBAL.test(option) ? '' : PROTOCOL_OPTION.test(option) ? 'protocol' : scope
    const usual = usualClause(clause, scope)
    return usual ? [JSON.stringify([of, usual.negated, usual.option, ...usual.args])] : []
  })
  return texts.toSorted().join(' ')
}

/** Options whose argument is free text, which may look like an option itself. */
export const TAKES_TEXT = /^--(comment|log-prefix|nflog-prefix|ulog-prefix|string|hex-string)$/

const GLOBAL = /^-[sdiopfmjg]$/

const PROTOCOL_OPTION = /^--(dport|sport|syn|tcp-flags|tcp-option|icmp-type|icmpv6-type)$/

const isOption = (word: string): boolean => /^-./.test(word)

const ALIASES: { readonly [name: string]: string } = {
  '--source': '-s',
  '--src': '-s',
  '--destination': '-d',
  '--dst': '-d',
  '--in-interface': '-i',
  '--out-interface': '-o',
  '--protocol': '-p',
  '--proto': '-p',
  '--match': '-m',
  '--jump': '-j',
  '--goto': '-g',
  '--fragment': '-f',
  '--destination-port': '--dport',
  '--source-port': '--sport',
  '--destination-ports': '--dports',
  '--source-ports': '--sports',
}

const PROTOCOLS: { readonly [name: string]: string } = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'ipv6-icmp',
  '132': 'sctp',
  icmpv6: 'ipv6-icmp',
}

const ICMP_TYPES: { readonly [name: string]: string } = {
  '--icmp-type echo-request': '8',
  '--icmp-type ping': '8',
  '--icmp-type echo-reply': '0',
  '--icmp-type pong': '0',
  '--icmp-type destination-unreachable': '3',
  '--icmp-type time-exceeded': '11',
  '--icmpv6-type echo-request': '128',
  '--icmpv6-type echo-reply': '129',
  '--icmpv6-type destination-unreachable': '1',
  '--icmpv6-type packet-too-big': '2',
}

/** Writes a clause as `iptables-save` would; undefined for one that says nothing. */
function usualClause(clause: Clause, scope: string): Clause | undefined {
  const { option, negated, args } = clause
  const [value = ''] = args
  const saying = (...usual: readonly string[]): Clause => ({ option, negated, args: usual })
  if (!negated && MEANS_NOTHING.has([option, ...args].join(' '))) return undefined
  if (option === '--comment') return NSNET_COMMENT.test(value) ? undefined : clause
  if (option === '-s' || option === '-d') return networkClause(clause)
  if (option === '-p') return protocolClause(clause)
  if (option === '--syn') return { option: '--tcp-flags', negated, args: ['ACK,FIN,RST,SYN', 'SYN'] }
  if (option === '--tcp-flags') return saying(...args.map((flags) => sortedList(flags === 'ALL' ? ALL_FLAGS : flags)))
  if (IS_LIST.test(option)) return saying(sortedList(value))
  if (option === '--limit')
    return saying(value.replace(/\/([smhd])\w*$/i, (_, unit: string) => `/${unit.toLowerCase()}`))
  if (option === '--mark') return saying(hexadecimal(value))
  if (option === '--set-mark' && /^(0x)?[0-9a-f]+$/i.test(value))
    return { option: '--set-xmark', negated, args: [`${hexadecimal(value)}/0xffffffff`] }
  if (option === '--to' && scope === '-j DNAT') return { ...clause, option: '--to-destination' }
  if (option === '--to' && scope === '-j SNAT') return { ...clause, option: '--to-source' }
  const type = ICMP_TYPES[`${option} ${value}`]
  return type === undefined ? clause : saying(type)
}

/** What iptables adds by itself or leaves out: the match that `-p` implies, and options with their default value. */
const MEANS_NOTHING = new Set(
  ['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'icmp', 'icmp6', 'icmpv6', 'comment']
    .map((match) => `-m ${match}`)
    .concat('--reject-with icmp-port-unreachable', '--reject-with icmp6-port-unreachable')
    .concat('--log-level 4', '--log-level warning', '--log-level warn', '--limit-burst 5', '-i +', '-o +'),
)

const IS_LIST = /^--(ctstate|state|dports|sports|ports|src-type|dst-type)$/

const ALL_FLAGS = 'FIN,SYN,RST,PSH,ACK,URG'

const sortedList = (list: string): string => list.toUpperCase().split(',').toSorted().join(',')

const hexadecimal = (value: string): string => (/^\d+$/.test(value) ? `0x${Number(value).toString(16)}` : value)

function protocolClause({ option, negated, args }: Clause): Clause | undefined {
  const name = (args[0] ?? '').toLowerCase()
  if (!negated && (name === 'all' || name === '0')) return undefined
  return { option, negated, args: [PROTOCOLS[name] ?? name] }
}

function networkClause(clause: Clause): Clause | undefined {
  const network = networkIn(clause.args[0] ?? '')
  if (network === undefined) return clause
  return network.endsWith('/0') && !clause.negated ? undefined : { ...clause, args: [network] }
}

/** Writes an address with or without a length or netmask as a network; undefined when it is none. */
export function networkIn(text: string): string | undefined {
  const [address = '', mask = text.includes(':') ? '128' : '32'] = text.split('/')
  const length = mask.includes('.') ? lengthOf(mask) : mask
  try {
    return networkOf(canonical(`${address === '0' ? '0.0.0.0' : address}/${length}`))
  } catch {
    return undefined
  }
}

/** Counts the bits of a netmask that has no gaps: 24 for `255.255.255.0`. */
function lengthOf(mask: string): string {
  const bits = mask.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'))
  const all = bits.join('')
  return /^1*0*$/.test(all) && all.length === 32 ? `${all.lastIndexOf('1') + 1}` : mask
}
