import { familyOf } from '../../core/net.ts'
import { linkKey, netnsKey } from '../../core/resource.ts'
import type { Earlier } from '../../core/step.ts'
import type { Input as AddrInput } from './addr-state.ts'
import { inputOf, makes } from './earlier.ts'
import { predicted } from './link-commands.ts'
import type { Input } from './link-input.ts'
import { losesRoutes, losesSysctls, nothing, type LinkState, type State } from './link-state.ts'
import type { RouteInput } from './route-input.ts'
import { marked, type Input as VethInput } from './veth-ends.ts'

/** Says what a step `link` will see of its link once an earlier step is applied. */
export function foretellLink(wanted: Input, state: State, earlier: Earlier): State | undefined {
  const born = newLink(wanted, earlier)
  if (born !== undefined) return wanted.master === undefined ? born : undefined
  if (earlier.resources.creates?.some((key) => linksOf(wanted).includes(key))) return undefined
  const change = inputOf<Input>(earlier, 'link')
  if (change && state.link !== null && change.link === wanted.link && change.netns === wanted.netns) {
    if (change.moveTo !== undefined) return { ...nothing, link: null }
    return change.master === undefined ? predicted(change, state) : undefined
  }
  return withAddress(wanted, state, earlier)
}

const linksOf = ({ netns, moveTo, link }: Input) => [
  linkKey(netns, link),
  ...(moveTo === undefined ? [] : [linkKey(moveTo, link)]),
]

/** A link that the earlier step makes: an end of a veth, or the loopback device of a netns. */
function newLink({ netns, link }: Input, earlier: Earlier): State | undefined {
  if (link === 'lo' && netns !== undefined && makes(earlier, netnsKey(netns)))
    return { ...nothing, link: { ...down, kind: 'device', mtu: 65_536, mac: NO_MAC }, loopback: false }
  const veth = inputOf<VethInput>(earlier, 'veth')
  const own = veth && marked(veth, earlier)
  const end = own && [own, own.peer].find((it) => it.name === link && it.netns === netns)
  return end && { ...nothing, link: { ...down, kind: 'veth', mtu: end.mtu ?? 1500, mac: end.mac ?? '' } }
}

const down: LinkState = { ifindex: 0, kind: '', up: false, mtu: 0, mac: '', alias: '', master: null }

const NO_MAC = '00:00:00:00:00:00'

/** Adds what the earlier step gives the link, where setting this one would make the kernel drop it. */
function withAddress(wanted: Input, state: State, earlier: Earlier): State | undefined {
  const route = inputOf<RouteInput>(earlier, 'route')
  if (route && route.netns === wanted.netns && (route.dev ?? wanted.link) === wanted.link)
    return losesRoutes(wanted) ? undefined : state
  if (earlier.uses === 'sysctl') return losesSysctls(wanted) ? undefined : state
  const given = inputOf<AddrInput>(earlier, 'addr')
  if (given?.link !== wanted.link || given.netns !== wanted.netns) return state
  if (wanted.moveTo !== undefined) return undefined
  if (familyOf(given.address) === 4 || (wanted.state === undefined && !losesRoutes(wanted))) return state
  const peer = given.peer === undefined ? [given.address] : [given.address.split('/')[0]!, 'peer', peerOf(given)]
  return { ...state, addresses: [...state.addresses, [...peer, ...(given.nodad === true ? ['nodad'] : [])]] }
}

const peerOf = ({ peer, address }: AddrInput): string => `${peer}/${address.split('/')[1]}`
