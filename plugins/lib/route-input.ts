import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { canonical, familyOf, hostAddress, linkName, netnsName, prefix, prefixLike } from '../../core/net.ts'

const destination = z
  .union([z.literal('default'), prefix, hostAddress], {
    error: ({ input }) => `expected "default", an address, or ${prefixLike(input)}`,
  })
  .meta({
    description: 'where the route leads: a prefix, an address, or "default" for all that no other route has',
    examples: ['default', '10.0.0.0/24', '2001:db8::1'],
  })

const tableMessage = 'expected the number of a routing table, from 1, or its name, such as "main"'

/** A routing table as workflows name it. */
export const table = z
  .union([
    z.int(tableMessage).min(1, tableMessage).max(0xff_ff_ff_ff, tableMessage),
    z.string().regex(/^(?!all$|cache$)[A-Za-z_][\w.-]{0,30}$/, tableMessage),
  ])
  .meta({
    description: 'routing table: its number, or a name of /etc/iproute2/rt_tables',
    default: 'main',
    examples: [100],
  })

const fields = z.strictObject({
  netns: netnsName.optional(),
  to: destination,
  family: choice('address family; needed only for a default route without "via" and "src", where it is ipv4', {
    ipv4: 'IPv4',
    ipv6: 'IPv6',
  }).optional(),
  via: hostAddress.optional().meta({
    description: 'gateway that the packets are handed to; another route has to lead to it',
    examples: ['10.0.0.1', 'fe80::1'],
  }),
  dev: linkName.optional().meta({
    description: 'link that the packets leave by; without it, the one that leads to "via"',
    examples: ['veth-ns'],
  }),
  metric: z
    .int()
    .min(0)
    .max(0xff_ff_ff_ff)
    .optional()
    .meta({
      description: 'preference among routes to the same prefix, the lowest first; without it 0 for IPv4, 1024 for IPv6',
      examples: [100],
    }),
  table: table.optional(),
  src: hostAddress.optional().meta({
    description: 'address that packets of this host are sent from; has to be one of its own',
    examples: ['10.0.0.2'],
  }),
  onlink: z
    .boolean()
    .optional()
    .meta({
      description: 'take the gateway for reachable on "dev" without a route to it',
      default: false,
      examples: [true],
    }),
  type: choice('what becomes of the packets', {
    unicast: 'they are sent on',
    blackhole: 'they are dropped without a word',
    unreachable: 'they are dropped, the sender is told "host unreachable"',
    prohibit: 'they are dropped, the sender is told "administratively prohibited"',
  })
    .optional()
    .meta({ default: 'unicast' }),
  replace: z
    .boolean()
    .optional()
    .meta({
      description: 'put it in the place of the route that is there, and that one back at undo',
      default: false,
      examples: [true],
    }),
})

/**
 * What a route step is asked for, in the kernel's writing. `family` is needed only for a default route without `via` and
 * `src`, where it is ipv4; `table` becomes a number where the kernel has one for it; `metric` becomes 1024 for IPv6 and 0
 * for IPv4 when it is not given, as the kernel does.
 */
export const routeInput = fields.superRefine(refuseContradictions).transform((raw) => {
  const family = familyIn(raw)
  return {
    ...raw,
    family,
    to: destinationIn(raw.to),
    type: raw.type ?? ('unicast' as const),
    table: tableNumbers[raw.table ?? 'main'] ?? raw.table!,
    metric: family === 'ipv6' ? raw.metric || 1024 : (raw.metric ?? 0),
    ...(raw.via !== undefined && { via: canonical(raw.via) }),
    ...(raw.src !== undefined && { src: canonical(raw.src) }),
  }
})

/** A route step's input after validation. */
export type RouteInput = z.output<typeof routeInput>

const tableNumbers: { readonly [name: string]: number } = { default: 253, main: 254, local: 255 }

type Raw = z.infer<typeof fields>

function refuseContradictions(raw: Raw, { addIssue }: z.RefinementCtx): void {
  const refuse = (field: keyof Raw, message: string): void =>
    addIssue({ code: 'custom', path: [field], message: `expected ${message}` })
  const { via, dev, src, onlink } = raw
  const family = familyIn(raw)
  if ((raw.type ?? 'unicast') !== 'unicast') {
    for (const field of ['via', 'dev', 'src', 'onlink'] as const)
      if (raw[field] !== undefined) refuse(field, `no ${field}: a ${raw.type} route leads nowhere`)
    return
  }
  if (via === undefined && dev === undefined) refuse('via', 'a gateway in "via", a link in "dev", or both')
  if (raw.to !== 'default' && family !== textFamily(raw.to)) refuse('family', `${textFamily(raw.to)}, as in "to"`)
  if (family === 'ipv6' && via !== undefined && familyOf(via) === 4) refuse('via', 'an IPv6 gateway of an IPv6 route')
  if (src !== undefined && textFamily(src) !== family) refuse('src', `an ${family} address, as the route is`)
  if (dev === undefined && onlink === true) refuse('dev', 'a link in "dev": "onlink" needs one')
  if (dev === undefined && via !== undefined && /^fe[89ab]/i.test(via))
    refuse('dev', 'a link in "dev": the gateway is a link-local address')
}

function familyIn({ family, to, via, src }: Raw): 'ipv4' | 'ipv6' {
  if (family !== undefined) return family
  const telling = [to, src, via].find((text) => text !== undefined && text !== 'default')
  return telling === undefined ? 'ipv4' : textFamily(telling)
}

/** Names the family of an address or prefix. */
export const textFamily = (text: string): 'ipv4' | 'ipv6' => (familyOf(text) === 4 ? 'ipv4' : 'ipv6')

/** The kernel calls the whole address space `default`, and leaves the length of a host's prefix out. */
function destinationIn(to: string): string {
  if (to === 'default') return to
  const text = canonical(to)
  if (text.endsWith('/0')) return 'default'
  return text.replace(familyOf(text) === 4 ? /\/32$/ : /\/128$/, '')
}
