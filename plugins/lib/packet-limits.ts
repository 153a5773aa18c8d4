import { liesIn } from '../../core/net.ts'

/** What a rule is restricted to: one of these values. Restrictions that cannot be told simply are left out. */
export interface Limit {
  readonly what: 'in' | 'out' | 'protocol' | 'state' | 'family' | 'address' | 'port' | 'icmp'
  readonly values: readonly string[]
}

/** The packets that somebody waited for in vain, there and back, as far as they are known. */
export interface Traffic {
  readonly families: readonly ('ipv4' | 'ipv6')[]
  readonly protocol: 'icmp' | 'tcp' | 'udp'
  /** Port of the host that was asked. */
  readonly port: number | null
  /** Addresses of both ends; none when the name could not be resolved. */
  readonly addresses: readonly string[]
  /** Links that the packets pass in the netns in question. */
  readonly links: readonly string[]
}

/** Says whether packets of this traffic can meet all of a rule's limits; in doubt they can. */
export const canMeet = (limits: readonly Limit[], traffic: Traffic): boolean =>
  limits.every(({ what, values }) => values.some((value) => tests[what](value.toLowerCase(), traffic)))

const tests: { readonly [what in Limit['what']]: (value: string, traffic: Traffic) => boolean } = {
  in: isLink,
  out: isLink,
  protocol: (value, { protocol }) => value === 'all' || value === '0' || PROTOCOLS[protocol].includes(value),
  // what belongs to no connection, or only to one's errors, is not what was waited for
  state: (value) => !['invalid', 'untracked', 'related'].includes(value),
  family: (value, { families }) => families.some((family) => family === value),
  address: isInPrefix,
  port: isPort,
  icmp: (value) => /echo|ping|pong|nd-|neighbo|router|any|^(0|8|12[89]|13[3-7])(\/0)?$/.test(value),
}

/** Numbers as in /etc/protocols. */
const PROTOCOLS: { readonly [name in Traffic['protocol']]: readonly string[] } = {
  icmp: ['icmp', 'icmpv6', 'ipv6-icmp', 'icmp6', '1', '58'],
  tcp: ['tcp', '6'],
  udp: ['udp', '17'],
}

function isLink(value: string, { links }: Traffic): boolean {
  const stem = value.replace(/[*+]$/, '')
  return links.some((link) => (stem === value ? link.toLowerCase() === value : link.toLowerCase().startsWith(stem)))
}

function isInPrefix(value: string, { addresses }: Traffic): boolean {
  if (addresses.length === 0) return true
  const prefix = withoutZone(value)
  const isPrefix = liesIn(prefix, prefix)
  return !isPrefix || addresses.some((address) => liesIn(withoutZone(address), prefix))
}

const withoutZone = (address: string): string => address.replace(/%.*$/, '')

/** Answers go to a port that the kernel has chosen: above 1023. */
function isPort(value: string, { port }: Traffic): boolean {
  const [, from, to = from] = /^(\d+)(?:[-:](\d+))?$/.exec(value) ?? []
  if (port === null || from === undefined) return true
  return (Number(from) <= port && port <= Number(to)) || Number(to) >= 32_768
}
