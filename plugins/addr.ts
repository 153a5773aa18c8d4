import { inNetns, ip, type Command } from '../core/command.ts'
import { cidrhost } from '../core/host-number.ts'
import { familyOf, networkOf } from '../core/net.ts'
import { inside, keyIn, linkKey, netnsKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Earlier, type Plan } from '../core/step.ts'
import { addrDocs } from './docs/addr.ts'
import { bare, entryOn, input, networkOfInput, promotesIn, PROMOTING } from './lib/addr-state.ts'
import type { Entry, Input, State } from './lib/addr-state.ts'
import { inputOf, makes } from './lib/earlier.ts'
import { ipv6SwitchKey, losesIpv6By } from './lib/ipv6-loss.ts'
import type { Input as LinkInput } from './lib/link-input.ts'
import { kindOf, linkId, linkNamed, listLinks, namesOf, parseLinks } from './lib/ip-json.ts'
import { nearNames } from './lib/near-names.ts'
import { isOnSameLink, noLink } from './lib/on-link.ts'

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
  docs: addrDocs,
  input,
  resources: ({ netns, link, address: wanted }) => ({
    creates: [keyIn('addr', netns, link, wanted)],
    uses: [...inside(netns), linkKey(netns, link)],
  }),
  probe: ({ netns, link, address: wanted }, { undoing }) => [
    listLinks(netns),
    ...(undoing === true && familyOf(wanted) === 4
      ? [{ argv: inNetns(netns, ['sysctl', '-e', promotion('all'), promotion(link)]) }]
      : []),
  ],
  observe({ stdout }, wanted, { outputs }): State {
    const links = parseLinks(stdout)
    const link = linkNamed(links, wanted.link)
    if (!link) return { ...bare, link: null, near: nearNames(namesOf(links), wanted.link) }
    const id = linkId(link.ifindex, kindOf(link), link.address ?? '')
    const promotes = outputs[1] && { promotes: promotesIn(outputs[1].stdout) }
    return { ...bare, link: id, ...promotes, ...entryOn(link, wanted) }
  },
  watches: ({ netns, address: wanted }) => (familyOf(wanted) === 6 ? [ipv6SwitchKey(netns)] : []),
  foretell(wanted, state, earlier): State | undefined {
    if (makesLink(earlier, wanted)) return state.link === null ? bare : state
    const { link, netns } = wanted
    if (familyOf(wanted.address) === 6 && losesIpv6By(earlier, netns, link))
      return { ...state, entry: null, rival: null, behind: [] }
    const change = inputOf<LinkInput>(earlier, 'link')
    if (change?.link === link && change.netns === netns) {
      if (change.moveTo !== undefined) return { ...bare, link: null }
      if (state.entry === null && mayComeBy(change, wanted)) return undefined
      const id = state.link && ([state.link[0], state.link[1] && (change.mac ?? state.link[1])] as const)
      return { ...state, link: id }
    }
    const other = inputOf<Input>(earlier, 'addr')
    if (other?.link !== link || other.netns !== netns) return state
    if (hostOf(other) !== hostOf(wanted)) return withSecondary(wanted, state, other)
    return other.address === wanted.address && other.peer === wanted.peer
      ? { ...state, entry: entryOfInput(other) }
      : undefined
  },
  outcome: (wanted, before): State => ({ ...before, entry: entryOfInput(wanted) }),
  plan(wanted, now): Plan {
    const { link, netns } = wanted
    if (now.link === null) return noLink({ link, netns }, now)
    if (now.rival !== null) return conflict(`${wanted.address} cannot be added: link ${link} has ${now.rival}`)
    if (now.entry === null) return { apply: [add(wanted)], undo: [remove(wanted)] }
    const wrong = differing(wanted, now.entry)
    return wrong === undefined ? nothingToDo : conflict(`${wanted.address} on link ${link} ${wrong}`)
  },
  undo(wanted, before, now): readonly Command[] {
    if (before.entry !== null) return []
    const gone = now.entry === null ? [] : [remove(wanted)]
    if (now.promotes === 'for us') return [...gone, promote(wanted, 0)]
    if (gone.length === 0 || (now.behind ?? []).length === 0 || now.promotes === 'always') return gone
    return [promote(wanted, PROMOTING), ...gone, promote(wanted, 0)]
  },
  mine: (_wanted, before, now, attempt) => isOnSameLink(before, now, attempt),
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
  sketch: ({ netns, link, address, peer }) => [{ draw: 'address', netns, link, address, peer }],
})

/** Says whether a step makes the link; a new netns has its `lo`. */
const makesLink = (earlier: Earlier, { netns, link }: Input): boolean =>
  makes(earlier, linkKey(netns, link)) || (link === 'lo' && netns !== undefined && makes(earlier, netnsKey(netns)))

/** Says whether an address is one that the kernel gives a link by itself when that is set up. */
const mayComeBy = ({ state }: LinkInput, { link, address: wanted }: Input): boolean =>
  state === 'up' && (link === 'lo' ? /^(127\.0\.0\.1|::1)\//.test(wanted) : /^fe[89ab]/.test(wanted))

/** A later IPv4 address of the same prefix stands behind ours, where ours is the primary one. */
function withSecondary(wanted: Input, state: State, other: Input): State {
  if (state.entry === null || state.behind === null || familyOf(other.address) === 6) return state
  if (networkOfInput(wanted) !== networkOfInput(other)) return state
  return {
    ...state,
    behind: [
      ...state.behind,
      other.peer === undefined ? other.address : `${hostOf(other)} peer ${other.peer}/${lengthOf(other)}`,
    ],
  }
}

const lengthOf = ({ address: wanted }: Input): string => wanted.split('/')[1]!

const hostOf = ({ address: wanted }: Input): string => wanted.split('/')[0]!

const entryOfInput = (wanted: Input): Entry => ({
  peer: wanted.peer ?? null,
  broadcast: broadcastOf(wanted) ?? null,
  scope: wanted.scope ?? 'global',
  label: familyOf(wanted.address) === 4 ? (wanted.label ?? wanted.link) : null,
  nodad: wanted.nodad ?? false,
  dadfailed: false,
  lifetime: 'forever',
  metric: null,
})

function differing(wanted: Input, now: Entry): string | undefined {
  if (now.dadfailed) return 'is used by another host (duplicate address detection failed)'
  const asked = { ...wanted, broadcast: broadcastOf(wanted) }
  const field = (['broadcast', 'scope', 'label'] as const).find(
    (it) => asked[it] !== undefined && asked[it] !== now[it],
  )
  return field && `has ${field} ${now[field] ?? 'none'}, expected ${asked[field]}`
}

function broadcastOf(wanted: Input): string | undefined {
  return wanted.broadcast === '+' ? cidrhost(networkOfInput(wanted), -1n) : wanted.broadcast
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
