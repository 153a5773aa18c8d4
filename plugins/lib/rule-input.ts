import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { canonical, familyOf, hostAddress, linkName, netnsName, prefix, prefixLike } from '../../core/net.ts'
import { table, textFamily } from './route-input.ts'
import { markOf, PROTOCOLS, TABLES, type RuleWords } from './rule-json.ts'

const whom = z.union([prefix, hostAddress], { error: ({ input }) => `expected an address, or ${prefixLike(input)}` })

const mark = z
  .string()
  .regex(
    /^(0x[0-9a-fA-F]{1,8}|\d{1,9})(\/(0x[0-9a-fA-F]{1,8}|\d{1,9}))?$/,
    'expected a mark such as "0x10" or "0x10/0xff"',
  )

const ports = z
  .union([z.int().min(1).max(65_535), z.string().regex(/^\d{1,5}-\d{1,5}$/)], {
    error: 'expected a port from 1 to 65535, or a range such as "8000-8080"',
  })
  .refine(
    (given) => typeof given === 'number' || inOrder(given),
    'expected a range of ports from 1 to 65535, the lower one first',
  )

const fields = z.strictObject({
  netns: netnsName.optional(),
  family: choice('address family; needed only without "from" and "to", where it is ipv4', {
    ipv4: 'IPv4',
    ipv6: 'IPv6',
  }).optional(),
  priority: z
    .int()
    .min(0)
    .max(0xff_ff_ff_ff)
    .optional()
    .meta({
      description:
        'number that says when the rule is asked, the lowest first; without it, in front of all but the first',
      examples: [1000],
    }),
  not: z
    .boolean()
    .optional()
    .meta({ description: 'for the packets that do not match', default: false, examples: [true] }),
  from: whom.optional().meta({ description: 'sender: an address or a prefix', examples: ['10.0.0.0/24'] }),
  to: whom.optional().meta({ description: 'receiver: an address or a prefix', examples: ['192.0.2.0/24'] }),
  iif: linkName
    .optional()
    .meta({ description: 'link that packets came in by; "lo" for those of this host', examples: ['veth-host'] }),
  oif: linkName
    .optional()
    .meta({ description: 'link that packets of sockets bound to it leave by', examples: ['veth-host'] }),
  fwmark: mark.optional().meta({
    description: 'mark that netfilter has put on packets, with a mask of bits or without',
    examples: ['0x10/0xff'],
  }),
  ipproto: z
    .union([z.enum(Object.keys(PROTOCOLS)), z.int().min(1).max(255)], {
      error: `expected a protocol's number from 1 to 255, or one of ${Object.keys(PROTOCOLS).join(', ')}`,
    })
    .optional()
    .meta({ description: 'protocol: its number in IP, or tcp, udp, icmp, icmpv6, sctp', examples: ['tcp'] }),
  sport: ports.optional().meta({ description: 'number of the sending port, or a range of them', examples: [53] }),
  dport: ports
    .optional()
    .meta({ description: 'number of the receiving port, or a range of them', examples: ['8000-8080'] }),
  table: table.optional().meta({
    description: 'number of the routing table that is looked at, or its name; needed for a lookup',
    examples: [100],
  }),
  action: choice('what becomes of the packets', {
    lookup: 'the routing table "table" is looked at; where it has no route, the next rule is asked',
    blackhole: 'they are dropped without a word',
    unreachable: 'they are dropped, the sender is told "network unreachable"',
    prohibit: 'they are dropped, the sender is told "administratively prohibited"',
  })
    .optional()
    .meta({ default: 'lookup' }),
  suppressPrefixlength: z
    .int()
    .min(0)
    .max(128)
    .optional()
    .meta({
      description: 'pass over routes to prefixes of at most this number of bits; 0 passes over default routes',
      examples: [0],
    }),
})

/** What a rule step is asked for; `says` is that in the words of ip-rule(8) and the kernel's writing. */
export const ruleInput = fields
  .superRefine(refuseContradictions)
  .transform((raw) => ({ netns: raw.netns, family: familyIn(raw), priority: raw.priority, says: wordsOf(raw) }))

/** A rule step's input after validation. */
export type RuleInput = z.output<typeof ruleInput>

type Raw = z.infer<typeof fields>

function refuseContradictions(raw: Raw, { addIssue }: z.RefinementCtx): void {
  const refuse = (field: keyof Raw, message: string): void =>
    addIssue({ code: 'custom', path: [field], message: `expected ${message}` })
  const action = raw.action ?? 'lookup'
  if (action === 'lookup' && raw.table === undefined) refuse('table', 'a routing table to look at')
  for (const field of ['table', 'suppressPrefixlength'] as const)
    if (action !== 'lookup' && raw[field] !== undefined) refuse(field, `no ${field}: "${action}" looks at no table`)
  for (const field of ['from', 'to'] as const)
    if (raw[field] !== undefined && textFamily(raw[field]) !== familyIn(raw))
      refuse(field, `an ${familyIn(raw)} address`)
  for (const field of ['sport', 'dport'] as const)
    if (raw[field] !== undefined && !/^(tcp|udp|sctp|6|17|132)$/.test(`${raw.ipproto}`))
      refuse('ipproto', `"tcp", "udp" or "sctp" beside "${field}"`)
}

const familyIn = ({ family, from, to }: Raw): 'ipv4' | 'ipv6' => family ?? textFamily(from ?? to ?? '0.0.0.0')

function wordsOf(raw: Raw): RuleWords {
  const text = {
    not: raw.not === true ? '' : undefined,
    from: prefixIn(raw.from),
    to: prefixIn(raw.to),
    iif: raw.iif,
    oif: raw.oif,
    fwmark: raw.fwmark && markOf(...(raw.fwmark.split('/') as [string, string?])),
    ipproto: raw.ipproto === undefined ? undefined : (PROTOCOLS[raw.ipproto] ?? `${raw.ipproto}`),
    sport: raw.sport?.toString(),
    dport: raw.dport?.toString(),
    table: raw.table === undefined ? undefined : (TABLES[raw.table] ?? `${raw.table}`),
    action: raw.action === 'lookup' ? undefined : raw.action,
    suppress: raw.suppressPrefixlength?.toString(),
  }
  return Object.fromEntries(Object.entries(text).filter(([, value]) => value !== undefined)) as RuleWords
}

/** All packets match a prefix of length 0: the kernel keeps none then. */
function prefixIn(text: string | undefined): string | undefined {
  if (text === undefined || text.endsWith('/0')) return undefined
  return canonical(text.includes('/') ? text : `${text}/${familyOf(text) === 4 ? 32 : 128}`)
}

function inOrder(range: string): boolean {
  const [first = 0, last = 0] = range.split('-').map(Number)
  return first >= 1 && first < last && last <= 65_535
}
