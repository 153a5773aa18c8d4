import { familyOf } from '../../core/net.ts'
import { everyKey, keyIn, linkKey, type ResourceKey } from '../../core/resource.ts'
import type { Earlier } from '../../core/step.ts'
import type { Input as AddrInput } from './addr-state.ts'
import { bornAs, linkChangesBy, linksBornBy, type BornLink } from './born-links.ts'
import type { Words } from './dropped-words.ts'
import { inputOf } from './earlier.ts'
import { UNKNOWN } from './ip-json.ts'
import { ipv6SwitchKey, losesIpv6By } from './ipv6-loss.ts'
import { predicted } from './link-commands.ts'
import { target, type Input } from './link-input.ts'
import { keepsIpv6, losesRoutes, losesSysctls } from './link-losses.ts'
import { nothing, type LinkState, type State } from './link-state.ts'
import type { RouteInput } from './route-input.ts'
import { changesStacked, goesWithLower, mtuOn, stackedAfter } from './stacked-links.ts'
import type { SysctlInput } from './sysctl-input.ts'

/** Names what earlier steps may change of what the step sees, beside its link. */
export function watchedBy(wanted: Input, { on, stacked = [] }: State): readonly ResourceKey[] {
  const { netns, master } = wanted
  const names = [...(on === undefined ? [] : [on]), ...stacked.map(({ name }) => name)]
  return [
    ...names.flatMap((name) => [linkKey(netns, name), keyIn('link', netns, name, 'mtu')]),
    ...(keepsIpv6(wanted) ? [] : [ipv6SwitchKey(netns)]),
    ...(losesRoutes(wanted) ? [everyKey('route', netns)] : []),
    ...(losesSysctls(wanted) ? [everyKey('sysctl', netns)] : []),
    ...(master === undefined ? [] : [everyKey('link', target(wanted))]),
  ]
}

/** Says what a step `link` will see of its link once an earlier step is applied. */
export function foretellLink(wanted: Input, state: State, earlier: Earlier): State | undefined {
  const born = bornAs(earlier, wanted.netns, wanted.link)
  if (born) return newLink(wanted, state, born)
  const bridge = bornAs(earlier, target(wanted), wanted.master)
  if (bridge) return withBridge(state, bridge)
  if (earlier.resources.creates?.some((key) => linksOf(wanted).includes(key))) return undefined
  const [upper] = changesStacked(wanted) ? linksBornBy(earlier) : []
  if (upper?.lower) return withUpper(wanted, state, upper)
  const changes = linkChangesBy(earlier)
  if (changes.length > 0) return afterLinks(wanted, state, changes)
  return earlier.uses === 'sysctl' ? afterSysctl(wanted, state, earlier) : withAddress(wanted, state, earlier)
}

function afterLinks(wanted: Input, state: State, changes: readonly Input[]): State | undefined {
  return changes.reduce<State | undefined>((now, change) => now && afterLink(wanted, now, change), state)
}

function afterLink(wanted: Input, state: State, change: Input): State | undefined {
  const { link, netns, moveTo } = wanted
  if (change.link !== link) {
    const next = changesStacked(wanted) ? afterNeighbour(wanted, state, change) : state
    return mayBeOfBridge(wanted, change) ? withOtherPort(wanted, next, change) : next
  }
  const here = state.moved ? moveTo : netns
  if (change.netns !== here) return change.netns === moveTo ? undefined : state
  if (change.moveTo !== undefined) return { ...nothing, link: null }
  const depends = change.master !== undefined && (wanted.master ?? moveTo) !== undefined
  return depends || state.link === null ? undefined : predicted(change, state)
}

/** A link that may stand on this one is made: what becomes of it until this one changes is not looked for. */
function withUpper(wanted: Input, state: State, { kind, lower, netns }: BornLink): State | undefined {
  const isOnIt = [netns, lower?.netns].every((place) => place === wanted.netns) && goesWithLower(kind)
  return isOnIt && state.link?.mtu !== wanted.mtu ? undefined : state
}

/** A link that may stand on this one changes, or the one that this one stands on. */
function afterNeighbour({ link, netns }: Input, state: State, change: Input): State {
  if (change.netns !== netns) return state
  if (change.link === state.on && state.link !== null)
    return change.mtu === undefined ? state : withMtu(state, link, mtuOn(change.mtu, state.link))
  const { stacked, ...rest } = state
  if (stacked === undefined) return state
  const left = change.moveTo === undefined ? stacked : stacked.filter(({ name }) => name !== change.link)
  if (left.length === 0) return rest
  return { ...rest, stacked: change.mtu === undefined ? left : stackedAfter(left, change.link, change.mtu) }
}

function withMtu(state: State, link: string, bytes: number): State {
  const next = { ...state, link: { ...state.link!, mtu: bytes } }
  return state.stacked === undefined ? next : { ...next, stacked: stackedAfter(state.stacked, link, bytes) }
}

/** Says whether another link that changes may be the bridge, or a port of it: what the bridge looks like depends on its ports. */
function mayBeOfBridge(wanted: Input, { netns, moveTo, master, mac, mtu }: Input): boolean {
  const there = target(wanted)
  if (wanted.master === undefined || (netns !== there && moveTo !== there)) return false
  return (moveTo ?? master ?? mac ?? mtu) !== undefined
}

function afterSysctl(wanted: Input, state: State, earlier: Earlier): State | undefined {
  const place = inputOf<SysctlInput>(earlier, 'sysctl')!.netns
  if (losesSysctls(wanted) && (place === wanted.netns || place === wanted.moveTo)) return undefined
  if (keepsIpv6(wanted) || !losesIpv6By(earlier, wanted.netns, wanted.link)) return state
  return { ...state, addresses: [], routes: state.routes.filter(([family]) => family !== '-6') }
}

const linksOf = ({ netns, moveTo, link }: Input) => [
  linkKey(netns, link),
  ...(moveTo === undefined ? [] : [linkKey(moveTo, link)]),
]

/** A link that the earlier step makes. What only the kernel knows of it cannot be put back. */
function newLink(wanted: Input, { bridge }: State, { kind, mtu, mac, loopback, lower }: BornLink): State | undefined {
  if ((wanted.mtu !== undefined && mtu === 0) || (wanted.mac !== undefined && mac === '')) return undefined
  const isOn = changesStacked(wanted) && lower?.netns === wanted.netns && goesWithLower(kind)
  const born = { ...nothing, link: { ...down, kind, mtu, mac }, bridge, ...(isOn && { on: lower!.name }) }
  return loopback ? { ...born, loopback: false } : born
}

/** A bridge that the earlier step makes: it has a mac of its own, which its ports do not change. */
function withBridge(state: State, { kind, mtu, mac, ports }: BornLink): State | undefined {
  if (kind !== 'bridge') return undefined
  const others = ports.length === 0 ? { mtu, otherMac: null, otherMtu: null } : unknownPorts
  return { ...state, near: [], bridge: { kind, mac, fixed: true, ...others } }
}

/** Its MTU may go with its ports, of which little is known. */
const unknownPorts = { mtu: 0, otherMac: '', otherMtu: 0 }

function withOtherPort({ master }: Input, state: State, change: Input): State | undefined {
  if (state.bridge?.fixed !== true || change.link === master) return undefined
  return { ...state, bridge: { ...state.bridge, ...unknownPorts } }
}

const down: LinkState = { ifindex: UNKNOWN, kind: '', up: false, mtu: 0, mac: '', alias: '', master: null }

/** Adds what the earlier step gives the link, where setting this one would make the kernel drop it. */
function withAddress(wanted: Input, state: State, earlier: Earlier): State | undefined {
  const route = inputOf<RouteInput>(earlier, 'route')
  if (route && route.netns === wanted.netns && (route.dev ?? wanted.link) === wanted.link)
    return losesRoutes(wanted) ? undefined : state
  const given = inputOf<AddrInput>(earlier, 'addr')
  if (given?.link !== wanted.link || given.netns !== wanted.netns) return state
  if (wanted.moveTo !== undefined) return undefined
  if (given.address === '127.0.0.1/8' && given.peer === undefined && state.loopback !== null)
    return { ...state, loopback: true }
  if (familyOf(given.address) === 4 || keepsIpv6(wanted)) return state
  const peer = given.peer === undefined ? [given.address] : [given.address.split('/')[0]!, 'peer', peerOf(given)]
  const words = [...peer, ...(given.nodad === true ? ['nodad'] : [])]
  return { ...state, addresses: withIpv6(state.addresses, words) }
}

const isLocal = ([address = '']: Words): boolean => /^fe[89ab]/.test(address)

/** The oldest address comes first, but the link-local ones come before the others. @see ipv6_link_dev_addr() in net/ipv6/addrconf.c */
function withIpv6(all: State['addresses'], words: Words): State['addresses'] {
  const at = isLocal(words) ? all.findIndex((each) => !isLocal(each)) : -1
  return all.toSpliced(at === -1 ? all.length : at, 0, words)
}

const peerOf = ({ peer, address }: AddrInput): string => `${peer}/${address.split('/')[1]}`
