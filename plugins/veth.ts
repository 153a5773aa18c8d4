import { z } from 'zod'
import { ip, type Command } from '../core/command.ts'
import { linkName, mac, mtu, netnsName } from '../core/net.ts'
import { inside, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { kindOf, linkNamed, parseLinks, place, type IpLink } from './lib/ip-json.ts'

const end = z.strictObject({
  name: linkName,
  netns: netnsName.optional(),
  mac: mac.optional(),
  mtu: mtu.optional(),
})

const input = end.extend({ peer: end }).refine(({ name, netns, peer }) => name !== peer.name || netns !== peer.netns, {
  error: 'expected two names for two links in one netns',
  path: ['peer', 'name'],
})

/**
 * Creates a veth: two links, each the other's peer, each born in its own netns (moving one there would cost 20 ms).
 *
 * The kernel makes and deletes both ends at once. Deleting goes by the end in the host's netns where there is one, so
 * that it also works after the name of the other end's netns is gone. A netns that was deleted keeps its links for some
 * 20 ms: a name that is still taken is waited for, half a second long.
 *
 * @see veth(4), ip-link(8)
 */
export default defineStep({
  type: 'veth',
  summary: 'Creates a veth: two links, each in its netns, each the other’s peer.',
  input,
  resources: ({ name, netns, peer }) => ({
    creates: [linkKey(netns, name), linkKey(peer.netns, peer.name)],
    uses: [...new Set([...inside(netns), ...inside(peer.netns)])],
  }),
  probe: (wanted) => inOrder(wanted).map(({ netns }) => ip(netns, '-json', '-details', 'link', 'show')),
  observe(_, wanted, { outputs }): State {
    const [a, b] = inOrder(wanted)
    const [near, far] = [a, b].map(({ name }, at) => linkNamed(parseLinks(outputs[at]?.stdout ?? ''), name))
    return { near: endOf(near), far: endOf(far), paired: arePeers(near, far, a.netns === b.netns) }
  },
  blank: (): State => ({ near: null, far: null, paired: false }),
  plan(wanted, now): Plan {
    if (now.near === null && now.far === null) return { apply: [add(wanted)], undo: [remove(inOrder(wanted)[0])] }
    const wrong = obstacle(wanted, now)
    return wrong === undefined ? nothingToDo : conflict(wrong, 'delete that link or choose another name')
  },
  undo(wanted, before, now): readonly Command[] {
    const [a, b] = inOrder(wanted)
    if (before.near !== null || before.far !== null) return []
    if (now.near !== null) return [remove(a)]
    return now.far === null ? [] : [remove(b)]
  },
  identity({ near, far }) {
    if (near !== null) return { near: [near.ifindex, near.mac] }
    return far === null ? null : { far: [far.ifindex, far.mac] }
  },
  outputs: {
    mac: (now, wanted) => endsOf(wanted, now)[0]?.mac ?? null,
    peerMac: (now, wanted) => endsOf(wanted, now)[1]?.mac ?? null,
    ifindex: (now, wanted) => endsOf(wanted, now)[0]?.ifindex ?? null,
  },
  patience: () => ({ forMs: 500, everyMs: 25 }),
})

type Input = z.infer<typeof input>
type End = z.infer<typeof end>

type EndState = {
  readonly ifindex: number
  readonly mac: string
  readonly mtu: number
  readonly kind: string
} | null

/** `near` is the end that commands go by: the one in the host's netns, else the first. */
type State = { readonly near: EndState; readonly far: EndState; readonly paired: boolean }

const swapped = ({ netns, peer }: Input): boolean => netns !== undefined && peer.netns === undefined

const inOrder = (wanted: Input): readonly [End, End] =>
  swapped(wanted) ? [wanted.peer, wanted] : [wanted, wanted.peer]

const endsOf = (wanted: Input, { near, far }: State): readonly [EndState, EndState] =>
  swapped(wanted) ? [far, near] : [near, far]

const endOf = (link: IpLink | undefined): EndState =>
  link ? { ifindex: link.ifindex, mac: link.address ?? '', mtu: link.mtu, kind: kindOf(link) } : null

function arePeers(a: IpLink | undefined, b: IpLink | undefined, together: boolean): boolean {
  if (a === undefined || b === undefined || kindOf(a) !== 'veth' || kindOf(b) !== 'veth') return false
  if (together) return a.link === b.ifname && b.link === a.ifname
  return a.link_index === b.ifindex && b.link_index === a.ifindex
}

function add(wanted: Input): Command {
  const [a, b] = inOrder(wanted)
  const birthplace = a.netns === b.netns ? [] : ['netns', b.netns!]
  const peer = ['peer', 'name', b.name, ...birthplace, ...attributes(b)]
  return ip(a.netns, 'link', 'add', 'name', a.name, ...attributes(a), 'type', 'veth', ...peer)
}

const attributes = (wanted: End): readonly string[] => [
  ...(wanted.mac === undefined ? [] : ['address', wanted.mac]),
  ...(wanted.mtu === undefined ? [] : ['mtu', `${wanted.mtu}`]),
]

const remove = ({ name, netns }: End): Command => ip(netns, 'link', 'delete', 'dev', name)

function obstacle(wanted: Input, { near, far, paired }: State): string | undefined {
  const [a, b] = inOrder(wanted)
  if (paired) return differing(a, near) ?? differing(b, far)
  const found = [describe(a, near), describe(b, far)]
  return `expected the two ends of a veth or neither, got ${found.join(' and ')}${near && far ? ', not peers' : ''}`
}

function differing({ name, netns, ...wanted }: End, now: EndState): string | undefined {
  const field = (['mac', 'mtu'] as const).find((it) => wanted[it] !== undefined && wanted[it] !== now?.[it])
  if (field === undefined) return undefined
  return `link ${name} in ${place(netns)} has ${field} ${now?.[field]}, expected ${wanted[field]}`
}

const describe = ({ name, netns }: End, now: EndState): string =>
  now === null ? `no ${name} in ${place(netns)}` : `${name} (${now.kind}, ifindex ${now.ifindex}) in ${place(netns)}`
