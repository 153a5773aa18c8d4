import { linkKey } from '../../core/resource.ts'
import type { Context, Earlier } from '../../core/step.ts'
import { linkChangesBy, linksBornBy, type BornLink } from './born-links.ts'
import { makes } from './earlier.ts'
import { UNKNOWN } from './ip-json.ts'
import type { Input as LinkInput } from './link-input.ts'
import type { MadeInput } from './made-input.ts'
import { madeKinds } from './made-kinds.ts'
import type { MadeState, Maker } from './maker.ts'
import { macFor } from './own-mac.ts'
import { goesWithLower, mtuOn } from './stacked-links.ts'

/** Says what a step that makes a link will see once it is applied. */
export function outcomeOf<Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  before: MadeState,
  context: Context,
): MadeState {
  const { kind, mtu } = madeKinds[maker.type]!
  const { name, ports = [] } = wanted
  const link = {
    name,
    ifindex: UNKNOWN,
    kind,
    mac: macFor(maker.type, wanted, context) ?? '',
    mtu: wanted.mtu ?? mtu(wanted),
    master: null,
    over: wanted.link ?? null,
    begun: false,
    params: maker.asks(wanted),
  }
  return {
    ...before,
    link,
    ports: Object.fromEntries(ports.map((port) => [port, name])),
    carries: ports.toSorted(),
  }
}

/** Says what it will see once an earlier step is applied. */
export function foretellMade<Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  state: MadeState,
  earlier: Earlier,
): MadeState | undefined {
  const { netns, name, link, ports = [] } = wanted
  const home = maker.home(wanted)
  if (makes(earlier, linkKey(netns, name))) return undefined
  const under = [...(link === undefined ? [] : [linkKey(home, link)]), ...ports.map((port) => linkKey(netns, port))]
  let next: MadeState = state
  for (const born of linksBornBy(earlier)) next = withBorn(wanted, home, next, born)
  if (next === state && under.some((key) => makes(earlier, key))) return undefined
  for (const change of linkChangesBy(earlier)) {
    const changed = afterChange(maker, wanted, next, change)
    if (changed === undefined) return undefined
    next = changed
  }
  return next
}

function withBorn(wanted: MadeInput, home: string | undefined, state: MadeState, born: BornLink): MadeState {
  const { netns, name, link, ports = [] } = wanted
  if (born.name === link && born.netns === home) return { ...state, lower: UNKNOWN, near: [] }
  if (born.netns === netns && ports.includes(born.name))
    return { ...state, ports: { ...state.ports, [born.name]: null }, near: [] }
  const isOnIt = born.lower?.name === name && born.lower.netns === netns && born.netns === netns
  return isOnIt && state.link !== null ? { ...state, carries: withName(state.carries, born.name) } : state
}

function afterChange<Input extends MadeInput>(
  maker: Maker<Input>,
  wanted: Input,
  state: MadeState,
  change: LinkInput,
): MadeState | undefined {
  const { netns, name, link, ports = [], mtu } = wanted
  const [home, { kind }] = [maker.home(wanted), madeKinds[maker.type]!]
  const arrives = [change.moveTo === netns && [name, ...ports], change.moveTo === home && [link]]
  if (change.moveTo !== undefined && (state.link !== null || arrives.flat().includes(change.link))) {
    if (change.netns === netns && change.link === name) return { ...state, link: null, carries: [] }
    if (change.moveTo === netns || change.moveTo === home) return undefined
  }
  if (change.netns === home && change.link === link) {
    if (change.moveTo !== undefined) return { ...state, lower: null }
    if (change.mtu === undefined || mtu === undefined) return state
    if (state.link === null || !goesWithLower(kind)) return undefined
    return { ...state, link: { ...state.link, mtu: mtuOn(change.mtu, state.link) } }
  }
  if (change.netns !== netns) return state
  if (change.link === name && state.link !== null) {
    const { mtu: bytes = state.link.mtu, mac = state.link.mac, master = state.link.master } = change
    return { ...state, link: { ...state.link, mtu: bytes, mac, master } }
  }
  const left = change.moveTo === undefined ? state : without(state, change.link)
  if (change.master === undefined) return left
  const known = ports.includes(change.link) ? { ...left.ports, [change.link]: change.master } : left.ports
  const isPort = kind === 'bridge' && change.master === name && state.link !== null
  return { ...left, ports: known, carries: isPort ? withName(left.carries, change.link) : left.carries }
}

function without(state: MadeState, gone: string): MadeState {
  const ports = Object.fromEntries(Object.entries(state.ports).filter(([port]) => port !== gone))
  return { ...state, ports, carries: state.carries.filter((it) => it !== gone) }
}

const withName = (names: readonly string[], name: string): readonly string[] =>
  names.includes(name) ? names : [...names, name].toSorted()
