import { z } from 'zod'
import { choice } from '../../core/choice.ts'
import { address, canonical, familyOf, hostAddress, linkName, netnsName, networkOf } from '../../core/net.ts'
import type { IpAddress, IpLink, LinkId } from './ip-json.ts'
import { unborn } from './on-link.ts'

/** What the step `addr` is given. */
export const input = z
  .strictObject({
    link: linkName.meta({ description: 'name of the link: 1 to 15 bytes', examples: ['veth-host'] }),
    netns: netnsName.optional(),
    address: address.transform(canonical),
    peer: hostAddress
      .transform(canonical)
      .optional()
      .meta({
        description: 'address of the other end of a point-to-point link, without prefix length',
        examples: ['10.0.0.2'],
      }),
    broadcast: z
      .union([z.literal('+'), hostAddress.transform(canonical)])
      .optional()
      .meta({
        description: 'broadcast address, IPv4 only; "+" takes the last one of the prefix; none without it',
        examples: ['+', '10.0.0.255'],
      }),
    scope: choice('how far the address is valid, IPv4 only; the kernel takes global', {
      global: 'everywhere',
      link: 'on this link only',
      host: 'inside this host only',
    }).optional(),
    label: linkName
      .or(z.string().regex(/^[^/%\s]{1,15}$/))
      .optional()
      .meta({
        description: 'name of the address, IPv4 only: 1 to 15 bytes, beginning with the name of the link',
        examples: ['veth-host:1'],
      }),
    nodad: z
      .boolean()
      .optional()
      .meta({
        description: 'IPv6 only: use the address at once, without the 1 to 2 s of duplicate address detection',
        default: false,
        examples: [true],
      }),
  })
  .superRefine((wanted, { addIssue }) => {
    const refuse = (field: string, message: string) => addIssue({ code: 'custom', path: [field], message })
    const family = familyOf(wanted.address)
    if (family === 4 && wanted.nodad !== undefined)
      refuse('nodad', 'expected an IPv6 address with nodad: IPv4 has none')
    for (const field of ['broadcast', 'scope', 'label'] as const)
      if (family === 6 && wanted[field] !== undefined) refuse(field, `expected an IPv4 address with ${field}`)
    for (const field of ['peer', 'broadcast'] as const)
      if (wanted[field] !== undefined && wanted[field] !== '+' && familyOf(wanted[field]) !== family)
        refuse(field, `expected an IPv${family} address, as in "address"`)
    if (wanted.label !== undefined && !wanted.label.startsWith(wanted.link))
      refuse('label', `expected a label that starts with the name of the link, such as "${wanted.link}:1"`)
  })

export type Input = z.infer<typeof input>

/** What is there of the address. */
export type Entry = {
  readonly peer: string | null
  readonly broadcast: string | null
  readonly scope: string
  readonly label: string | null
  readonly nodad: boolean
  readonly dadfailed: boolean
  readonly lifetime: 'forever' | 'limited'
  readonly metric: number | null
}

/** What the step `addr` observes. */
export type State = {
  readonly link: LinkId | null
  /** Names like the link's, when it is not there. */
  readonly near: readonly string[]
  readonly entry: Entry | null
  /** An address that the kernel would not let ours be added to. */
  readonly rival: string | null
  /** Secondary addresses that the kernel drops with ours; null where ours is one itself. */
  readonly behind: readonly string[] | null
  /**
   * Whether the kernel makes a secondary address primary instead; `for us` while an undo has set it. Only deleting the address
   * depends on it: it is seen of an IPv4 address that is to be taken back.
   */
  readonly promotes?: 'no' | 'always' | 'for us'
}

/** The state of a link made a moment ago. */
export const bare: State = { link: unborn, near: [], entry: null, rival: null, behind: [] }

/** `promote_secondaries` while it is ours: an undo that was killed in between finds it again. Any number but 0 is yes. */
export const PROMOTING = 110_115

/** Reads the values for all links and for this one, as sysctl(8) prints them. */
export function promotesIn(stdout: string): NonNullable<State['promotes']> {
  const [all = '0', own = '0'] = Array.from(stdout.matchAll(/= (\S+)$/gm), ([, value]) => value!)
  if (all !== '0') return 'always'
  return own === '0' ? 'no' : own === `${PROMOTING}` ? 'for us' : 'always'
}

/** Looks for the address, and for what is around it, on its link. */
export function entryOn({ addr_info = [] }: IpLink, wanted: Input): Pick<State, 'entry' | 'rival' | 'behind'> {
  const [host, length] = wanted.address.split('/')
  const same = addr_info.filter(({ local }) => local === host)
  const ours = same.find((it) => `${it.prefixlen}` === length && peerOf(it) === (wanted.peer ?? null))
  const rival = same.find((it) => familyOf(it.local) === 6 || networkOfEntry(it) === networkOfInput(wanted))
  if (!ours) return { entry: null, rival: rival ? text(rival) : null, behind: [] }
  const isPrimary = ours.family === 'inet' && ours.secondary !== true
  if (!isPrimary) return { entry: entryOf(ours), rival: null, behind: null }
  const others = addr_info.filter((it) => it.secondary === true && networkOfEntry(it) === networkOfEntry(ours))
  return { entry: entryOf(ours), rival: null, behind: others.map(text) }
}

const entryOf = (it: IpAddress): Entry => ({
  peer: peerOf(it),
  broadcast: it.broadcast ?? null,
  scope: it.scope,
  label: it.label ?? null,
  nodad: it.nodad ?? false,
  dadfailed: it.dadfailed ?? false,
  lifetime: it.dynamic ? 'limited' : 'forever',
  metric: it.metric ?? null,
})

const peerOf = ({ local, address: peer }: IpAddress): string | null => (peer === local ? null : (peer ?? null))

const text = (it: IpAddress): string => `${it.local}${it.address ? ` peer ${it.address}` : ''}/${it.prefixlen}`

const networkOfEntry = (it: IpAddress): string => networkOf(`${it.address ?? it.local}/${it.prefixlen}`)

/** Names the prefix of the address, or of its peer. */
export const networkOfInput = ({ address: wanted, peer }: Input): string =>
  networkOf(peer === undefined ? wanted : `${peer}/${wanted.split('/')[1]}`)
