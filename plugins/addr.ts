import { Address4 } from 'ip-address'
import { z } from 'zod'
import { inNetns, ip, type Command } from '../core/command.ts'
import { equal } from '../core/json.ts'
import { address, canonical, familyOf, hostAddress, linkName, netnsName, networkOf } from '../core/net.ts'
import { inside, keyIn, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import {
  didYouMean,
  kindOf,
  linkId,
  linkNamed,
  nearNames,
  parseLinks,
  place,
  type IpAddress,
  type IpLink,
  type LinkId,
} from './lib/ip-json.ts'

const input = z
  .strictObject({
    link: linkName,
    netns: netnsName.optional(),
    address: address.transform(canonical),
    peer: hostAddress.transform(canonical).optional(),
    broadcast: z.union([z.literal('+'), hostAddress.transform(canonical)]).optional(),
    scope: z.enum(['global', 'link', 'host']).optional(),
    label: linkName.or(z.string().regex(/^[^/%\s]{1,15}$/)).optional(),
    nodad: z.boolean().optional(),
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

/**
 * Gives a link an address.
 *
 * Of several IPv4 addresses in one prefix the first is the primary one, and deleting it drops the others unless
 * `promote_secondaries` is set: it is set for as long as deleting takes, when others have come behind ours. An IPv6
 * address cannot be used for 1–2 s, while duplicate address detection runs, unless `nodad` is given. The prefix length
 * of a `peer` is that of `address`.
 *
 * @see ip-address(8), https://docs.kernel.org/networking/ip-sysctl.html (promote_secondaries)
 */
export default defineStep({
  type: 'addr',
  summary: 'Gives a link an address.',
  input,
  resources: ({ netns, link, address: wanted }) => ({
    creates: [keyIn('addr', netns, link, wanted)],
    uses: [...inside(netns), linkKey(netns, link)],
  }),
  probe: ({ netns, link, address: wanted }) => [
    ip(netns, '-json', '-details', 'address', 'show'),
    ...(familyOf(wanted) === 4 ? [{ argv: inNetns(netns, ['sysctl', '-e', promotion('all'), promotion(link)]) }] : []),
  ],
  observe({ stdout }, wanted, { outputs }): State {
    const links = parseLinks(stdout)
    const link = linkNamed(links, wanted.link)
    if (!link) return { ...bare, link: null, near: nearNames(links, wanted.link) }
    const id = linkId(link.ifindex, kindOf(link), link.address ?? '')
    return { ...bare, link: id, promotes: promotesIn(outputs[1]?.stdout ?? ''), ...entryOn(link, wanted) }
  },
  blank: (): State => bare,
  plan(wanted, now): Plan {
    const { link, netns } = wanted
    if (now.link === null) return conflict(`link ${link} does not exist in ${place(netns)}`, didYouMean(now.near))
    if (now.rival !== null) return conflict(`${wanted.address} cannot be added: link ${link} has ${now.rival}`)
    if (now.entry === null) return { apply: [add(wanted)], undo: [remove(wanted)] }
    const wrong = differing(wanted, now.entry)
    return wrong === undefined ? nothingToDo : conflict(`${wanted.address} on link ${link} ${wrong}`)
  },
  undo(wanted, before, now): readonly Command[] {
    if (before.entry !== null) return []
    const gone = now.entry === null ? [] : [remove(wanted)]
    if (now.promotes === 'for us') return [...gone, promote(wanted, 0)]
    if (gone.length === 0 || now.behind.length === 0 || now.promotes === 'always') return gone
    return [promote(wanted, PROMOTING), ...gone, promote(wanted, 0)]
  },
  mine: (_wanted, before, now, { refused }) => !refused && equal(before.link, now.link),
  drift(_wanted, after, { entry }) {
    const was = after?.entry
    if (!was || !entry) return undefined
    const fields = ['scope', 'label', 'broadcast', 'lifetime', 'nodad', 'metric'] as const
    const field = fields.find((it) => was[it] !== entry[it])
    return field && `its ${field} is ${entry[field] ?? 'none'}, was ${was[field] ?? 'none'}`
  },
  // an address that failed duplicate address detection is not in use by anybody here: nobody's, so that undo removes it
  identity: ({ link, entry }) => (entry === null || entry.dadfailed ? null : link),
  outputs: {
    address: (_, { address: wanted }) => wanted.split('/')[0]!,
    prefix: (_, { address: wanted }) => networkOf(wanted),
  },
})

type Input = z.infer<typeof input>

type Entry = {
  readonly peer: string | null
  readonly broadcast: string | null
  readonly scope: string
  readonly label: string | null
  readonly nodad: boolean
  readonly dadfailed: boolean
  readonly lifetime: 'forever' | 'limited'
  readonly metric: number | null
}

type State = {
  readonly link: LinkId | null
  /** Names like the link's, when it is not there. */
  readonly near: readonly string[]
  readonly entry: Entry | null
  /** An address that the kernel would not let ours be added to. */
  readonly rival: string | null
  /** Secondary addresses that the kernel drops with ours. */
  readonly behind: readonly string[]
  /** Whether the kernel makes a secondary address primary instead; `for us` while an undo has set it. */
  readonly promotes: 'no' | 'always' | 'for us'
}

const bare: State = { link: [0, null], near: [], entry: null, rival: null, behind: [], promotes: 'no' }

/** `promote_secondaries` while it is ours: an undo that was killed in between finds it again. Any number but 0 is yes. */
const PROMOTING = 110_115

/** Reads the values for all links and for this one, as sysctl(8) prints them. */
function promotesIn(stdout: string): State['promotes'] {
  const [all = '0', own = '0'] = Array.from(stdout.matchAll(/= (\S+)$/gm), ([, value]) => value!)
  if (all !== '0') return 'always'
  return own === '0' ? 'no' : own === `${PROMOTING}` ? 'for us' : 'always'
}

function entryOn({ addr_info = [] }: IpLink, wanted: Input): Pick<State, 'entry' | 'rival' | 'behind'> {
  const [host, length] = wanted.address.split('/')
  const same = addr_info.filter(({ local }) => local === host)
  const ours = same.find((it) => `${it.prefixlen}` === length && peerOf(it) === (wanted.peer ?? null))
  const rival = same.find((it) => familyOf(it.local) === 6 || networkOfEntry(it) === networkOfInput(wanted))
  if (!ours) return { entry: null, rival: rival ? text(rival) : null, behind: [] }
  const others = addr_info.filter((it) => it.secondary === true && networkOfEntry(it) === networkOfEntry(ours))
  const isPrimary = ours.family === 'inet' && ours.secondary !== true
  return { entry: entryOf(ours), rival: null, behind: isPrimary ? others.map(text) : [] }
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

const networkOfInput = ({ address: wanted, peer }: Input): string =>
  networkOf(peer === undefined ? wanted : `${peer}/${wanted.split('/')[1]}`)

function differing(wanted: Input, now: Entry): string | undefined {
  if (now.dadfailed) return 'is used by another host (duplicate address detection failed)'
  const asked = { ...wanted, broadcast: broadcastOf(wanted) }
  const field = (['broadcast', 'scope', 'label'] as const).find(
    (it) => asked[it] !== undefined && asked[it] !== now[it],
  )
  return field && `has ${field} ${now[field] ?? 'none'}, expected ${asked[field]}`
}

function broadcastOf(wanted: Input): string | undefined {
  return wanted.broadcast === '+' ? new Address4(networkOfInput(wanted)).endAddress().correctForm() : wanted.broadcast
}

function add(wanted: Input): Command {
  const words = (['broadcast', 'scope', 'label'] as const).flatMap((field) =>
    wanted[field] === undefined ? [] : [field, wanted[field]],
  )
  return ip(wanted.netns, 'address', 'add', ...named(wanted), ...words, ...(wanted.nodad ? ['nodad'] : []))
}

const remove = (wanted: Input): Command => ip(wanted.netns, 'address', 'delete', ...named(wanted))

function named({ address: wanted, peer, link }: Input): readonly string[] {
  const [host, length] = wanted.split('/')
  return [...(peer === undefined ? [wanted] : [host!, 'peer', `${peer}/${length}`]), 'dev', link]
}

const promotion = (link: string): string => `net/ipv4/conf/${link}/promote_secondaries`

const promote = ({ netns, link }: Input, value: number): Command => ({
  argv: inNetns(netns, ['sysctl', '-q', '-w', `${promotion(link)}=${value}`]),
})
