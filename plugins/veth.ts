import { ip, type Command } from '../core/command.ts'
import { inside, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { vethDocs } from './docs/veth.ts'
import { linkChangesBy } from './lib/born-links.ts'
import { makes } from './lib/earlier.ts'
import { kindOf, listLinks, parseLinks, type IpLink } from './lib/ip-json.ts'
import { changeOf, describe, differing, endAfter, endOf, findEnd, input, marked } from './lib/veth-ends.ts'
import type { End, EndState, Input } from './lib/veth-ends.ts'

/**
 * Creates a veth: two links, each the other's peer, each born in its own netns (moving one there would cost 20 ms).
 *
 * The kernel makes and deletes both ends at once. Deleting goes by the end in the host's netns where there is one, so
 * that it also works after the name of the other end's netns is gone. A netns that was deleted keeps its links for some
 * 20 ms: a name that is still taken is waited for, half a second long.
 *
 * An end without a `mac` gets one that is made of run and step: it tells the end from another of the same name (the kernel
 * gives an ifindex anew at once), finds it when somebody renamed it, and keeps udev from giving it another one.
 *
 * @see veth(4), ip-link(8)
 */
export default defineStep({
  type: 'veth',
  summary: 'Creates a veth: two links, each in its netns, each the other’s peer.',
  docs: vethDocs,
  input,
  resources: ({ name, netns, peer }) => ({
    creates: [linkKey(netns, name), linkKey(peer.netns, peer.name)],
    uses: [...new Set([...inside(netns), ...inside(peer.netns)])],
  }),
  probe: (wanted) => inOrder(wanted).map(({ netns }) => listLinks(netns)),
  observe(_, wanted, { outputs, ...context }): State {
    const [[a, b], own] = [inOrder(wanted), inOrder(marked(wanted, context))]
    const [near, far] = [a, b].map((end, at) => findEnd(parseLinks(outputs[at]?.stdout ?? ''), end, own[at]!))
    return { near: endOf(near), far: endOf(far), paired: arePeers(near, far, a.netns === b.netns) }
  },
  watches: () => [],
  foretell(wanted, state, earlier): State | undefined {
    const ends = inOrder(wanted)
    if (ends.some(({ netns, name }) => makes(earlier, linkKey(netns, name)))) return undefined
    const [near, far] = ends.map((end, at) =>
      linkChangesBy(earlier).reduce((was, change) => endAfter(end, was, change), at === 0 ? state.near : state.far),
    )
    if (near === state.near && far === state.far) return state
    return { near: near!, far: far!, paired: state.paired && near !== null && far !== null }
  },
  outcome(wanted, _, context): State {
    const [near, far] = inOrder(marked(wanted, context)).map(newEnd)
    return { near: near!, far: far!, paired: true }
  },
  plan(wanted, now, context): Plan {
    if (now.near === null && now.far === null)
      return { apply: [add(marked(wanted, context))], undo: [remove(inOrder(wanted)[0])] }
    const wrong = obstacle(wanted, now)
    return wrong === undefined ? nothingToDo : conflict(wrong, 'delete that link or choose another name')
  },
  undo(wanted, before, now): readonly Command[] {
    const [a, b] = inOrder(wanted)
    if (before.near !== null || before.far !== null) return []
    if (now.near !== null) return [remove({ ...a, name: now.near.name })]
    return now.far === null ? [] : [remove({ ...b, name: now.far.name })]
  },
  identity({ near, far }) {
    if (near !== null) return { near: [near.ifindex, near.mac] }
    return far === null ? null : { far: [far.ifindex, far.mac] }
  },
  mine(wanted, _, now, attempt) {
    const [a, b] = inOrder(marked(wanted, attempt))
    return (
      !attempt.refused && (now.near === null || now.near.mac === a.mac) && (now.far === null || now.far.mac === b.mac)
    )
  },
  drift(wanted, after, now) {
    const [a, b] = inOrder(wanted)
    return changeOf(a, after?.near, now.near) ?? changeOf(b, after?.far, now.far)
  },
  outputs: {
    mac: (now, wanted) => endsOf(wanted, now)[0]?.mac ?? null,
    peerMac: (now, wanted) => endsOf(wanted, now)[1]?.mac ?? null,
    ifindex: (now, wanted) => endsOf(wanted, now)[0]?.ifindex ?? null,
  },
  sketch: ({ name, netns, peer }) => [
    { draw: 'link', netns, link: name, kind: 'veth', peer: { netns: peer.netns, link: peer.name } },
    { draw: 'link', netns: peer.netns, link: peer.name, kind: 'veth', peer: { netns, link: name } },
  ],
  patience: () => ({ forMs: 500, everyMs: 25 }),
})

/** `near` is the end that commands go by: the one in the host's netns, else the first. */
type State = { readonly near: EndState; readonly far: EndState; readonly paired: boolean }

const swapped = ({ netns, peer }: Input): boolean => netns !== undefined && peer.netns === undefined

const inOrder = (wanted: Input): readonly [End, End] =>
  swapped(wanted) ? [wanted.peer, wanted] : [wanted, wanted.peer]

const endsOf = (wanted: Input, { near, far }: State): readonly [EndState, EndState] =>
  swapped(wanted) ? [far, near] : [near, far]

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

/** An end that was made a moment ago. */
const newEnd = ({ name, mac = '', mtu = 1500 }: End): EndState => ({
  name,
  ifindex: 0,
  mac,
  mtu,
  kind: 'veth',
  master: null,
})

const remove = ({ name, netns }: End): Command => ip(netns, 'link', 'delete', 'dev', name)

function obstacle(wanted: Input, { near, far, paired }: State): string | undefined {
  const [a, b] = inOrder(wanted)
  if (paired) return differing(a, near) ?? differing(b, far)
  const found = [describe(a, near), describe(b, far)]
  return `expected the two ends of a veth or neither, got ${found.join(' and ')}${near && far ? ', not peers' : ''}`
}
