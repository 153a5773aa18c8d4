import { ip, type Command } from '../core/command.ts'
import { grouped } from '../core/grouped.ts'
import { canonical, familyOf } from '../core/net.ts'
import { equal } from '../core/json.ts'
import { ofObject } from '../core/memo.ts'
import { everyKey, inside, keyIn, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Earlier, type Plan } from '../core/step.ts'
import { routeDocs } from './docs/route.ts'
import { inputOf } from './lib/earlier.ts'
import { place } from './lib/ip-json.ts'
import { losesIpv6By } from './lib/ipv6-loss.ts'
import { networkOfInput, type Input as AddrInput } from './lib/addr-state.ts'
import type { Input as LinkInput } from './lib/link-input.ts'
import { routeInput, type RouteInput } from './lib/route-input.ts'
import { destinationOf, isAsAsked, parseRoutes, unrestorable, valueOf, type RouteWords } from './lib/route-text.ts'
import type { SysctlInput } from './lib/sysctl-input.ts'
import { linkIn } from './lib/sysctl-keys.ts'

/**
 * Adds a route, or with `replace` puts it in the place of the one that is there.
 *
 * The kernel keeps one route for each destination, metric and table (and TOS, here always 0): that is the route's slot.
 * A lower metric is preferred; without one it is 0 for IPv4 and 1024 for IPv6. A route that is there already and does
 * what is asked for is left as it is, whatever else it sets (MTU, protocol).
 *
 * @see ip-route(8), rtnetlink(7)
 */
export default defineStep({
  type: 'route',
  summary: 'Adds a route.',
  docs: routeDocs,
  input: routeInput,
  resources: (wanted) => {
    const to = wanted.to === 'default' ? `${wanted.family}/default` : wanted.to
    const key = keyIn('route', wanted.netns, `${wanted.table}`, to, `${wanted.metric}`)
    const uses = [...inside(wanted.netns), ...(wanted.dev === undefined ? [] : [linkKey(wanted.netns, wanted.dev)])]
    return wanted.replace === true ? { shares: [key], uses } : { creates: [key], uses }
  },
  probe: (wanted) => {
    const numeric = typeof wanted.table === 'number' ? ['-N'] : []
    return show(wanted, [...numeric, '-details'], 'table', 'all')
  },
  observe: ({ stdout }, wanted): State => ({ slot: slotsIn(parseRoutes(stdout)).get(placeOf(wanted)) ?? [] }),
  foretell(wanted, state, earlier): State | undefined {
    const other = inputOf<RouteInput>(earlier, 'route')
    if (other) return slotOf(other) === slotOf(wanted) ? { slot: [asWords(other)] } : state
    const address = inputOf<AddrInput>(earlier, 'addr')
    if (address) return mayComeWith(address, wanted) ? undefined : state
    if (state.slot.length === 0) return state
    const unsure = state.slot.some((each) => each[0] === 'unicast' && valueOf(each, 'dev') === undefined)
    const left = state.slot.filter((each) => !dropsRoute(earlier, wanted, valueOf(each, 'dev')))
    return unsure && mayDropRoutes(earlier, wanted) ? undefined : { slot: left }
  },
  watches: ({ netns, to, family }) => [
    everyKey('link', netns),
    ...(to === 'default' ? [] : [everyKey('addr', netns)]),
    ...(family === 'ipv6' ? [everyKey('sysctl', netns)] : []),
  ],
  outcome: (wanted): State => ({ slot: [asWords(wanted)] }),
  changes: (wanted, { slot }) => [
    { what: `route to ${wanted.to}`, from: slot[0]?.slice(2).join(' ') ?? null, to: detailsOf(wanted).join(' ') },
  ],
  plan(wanted, { slot }): Plan {
    if (slot.some((each) => fulfils(wanted, each))) return nothingToDo
    const [old, ...more] = slot
    if (old === undefined) return { apply: [changing(wanted, 'add', words(wanted))], undo: [remove(wanted)] }
    const obstacle = wanted.replace === true ? (more.length > 0 ? 'shares its slot' : unrestorable(old)) : ''
    if (obstacle !== undefined) return occupied(wanted, slot, obstacle)
    return { apply: [changing(wanted, 'replace', words(wanted))], undo: [changing(wanted, 'replace', old)] }
  },
  undo(wanted, { slot: before }, { slot: now }): readonly Command[] {
    const [old] = before
    const isBack = old !== undefined && before.length === now.length && isAsAsked(old, now[0]!)
    if (isBack || equal(before, now)) return []
    if (old !== undefined) return [changing(wanted, 'replace', old)]
    const ours = now.find((each) => fulfils(wanted, each))
    return ours ? [changing(wanted, 'delete', ours)] : []
  },
  drift(wanted, _, { slot }) {
    const [other] = slot
    const isThere = slot.some((each) => fulfils(wanted, each) && isPlain(each))
    return isThere || other === undefined ? undefined : `in its place is "${other.join(' ')}"`
  },
  mine: (_wanted, _before, _now, { refused }) => !refused,
  outputs: {
    via: ({ slot }, wanted) => found(wanted, slot, 'via'),
    dev: ({ slot }, wanted) => found(wanted, slot, 'dev'),
    metric: (_, { metric }) => metric,
  },
  sketch: (wanted) => {
    const { netns, type, to, via, dev, table } = wanted
    // what other tables hold is asked for by policy, and what leads nowhere has no arrow
    if (type !== 'unicast' || table !== 254) return [{ draw: 'note', netns, text: `route ${words(wanted).join(' ')}` }]
    return [{ draw: 'route', netns, to, via, dev }]
  },
})

type State = {
  /** The routes of the slot, as words; usually one or none, because only `ip route append` makes more. */
  readonly slot: readonly RouteWords[]
}

/** Says whether the route may be one that the kernel makes by itself with an address. */
function mayComeWith(address: AddrInput, { netns, to, table }: RouteInput): boolean {
  return address.netns === netns && (table === 254 ? prefixOf(address) === to : table === 255)
}

/** The prefix that the kernel makes a route to with an address, as a route says it. */
const prefixOf = ofObject((address: AddrInput): string =>
  canonical(networkOfInput(address)).replace(/(?<!:.*)\/32$|\/128$/, ''),
)

/** Says whether an earlier step takes a link away from the routes of a netns, or sets it down. */
function dropsRoute(earlier: Earlier, { netns, family }: RouteInput, dev: string | undefined): boolean {
  if (dev === undefined) return false
  const other = inputOf<LinkInput>(earlier, 'link')
  const isIt = other !== undefined && other.netns === netns && other.link === dev
  const goes = isIt && (other.state === 'down' || other.moveTo !== undefined)
  return goes || (family === 'ipv6' && losesIpv6By(earlier, netns, dev))
}

/** Says whether an earlier step could drop a route whose link is not known. */
function mayDropRoutes(earlier: Earlier, wanted: RouteInput): boolean {
  const link = inputOf<LinkInput>(earlier, 'link')?.link ?? linkIn(inputOf<SysctlInput>(earlier, 'sysctl')?.key ?? '')
  return dropsRoute(earlier, wanted, link ?? 'all')
}

/** What the kernel tells routes apart by, in one netns. */
const slotOf = ({ netns, table, to, family, metric }: RouteInput): string =>
  JSON.stringify([netns, table, to, family, metric])

/** A route as it will be listed, as far as it can be told. */
const asWords = (wanted: RouteInput): RouteWords => [wanted.type, wanted.to, ...detailsOf(wanted)]

/** The words of a route behind its destination. */
const detailsOf = (wanted: RouteInput): RouteWords => words(wanted).slice(wanted.type === 'unicast' ? 1 : 2)

const found = (wanted: RouteInput, slot: State['slot'], word: string): string | null =>
  valueOf(slot.find((each) => fulfils(wanted, each)) ?? [], word) ?? null

/** Names a slot among those of one family. */
const placeOf = ({ to, table, metric }: RouteInput): string => `${to} ${table} ${metric}`

const slotsIn = ofObject((routes: readonly RouteWords[]) =>
  grouped(routes, (each) => {
    const elsewhere = each.includes('tos') || each.includes('from')
    const [table, metric] = [valueOf(each, 'table') ?? '254', valueOf(each, 'metric') ?? '0']
    return elsewhere ? [] : [`${destinationOf(each)} ${table} ${metric}`]
  }),
)

function fulfils(wanted: RouteInput, each: RouteWords): boolean {
  if (each[0] !== wanted.type || each.includes('nexthop') || each.includes('nhid')) return false
  const via = valueOf(each, 'via')
  const src = valueOf(each, 'src')
  return (
    (via === undefined ? undefined : canonical(via)) === wanted.via &&
    (wanted.dev === undefined || valueOf(each, 'dev') === wanted.dev) &&
    (wanted.src === undefined || (src !== undefined && canonical(src) === wanted.src)) &&
    (wanted.onlink !== true || each.includes('onlink'))
  )
}

/** Says whether the route has nothing that the step would not have given it. */
const isPlain = (each: RouteWords): boolean =>
  each.slice(2).every((word, at, all) => own.has(word) || own.has(all[at - 1] ?? '') || all[at - 2] === 'via') &&
  ['3', 'boot'].includes(valueOf(each, 'proto') ?? '')

const own = new Set(['via', 'dev', 'table', 'proto', 'scope', 'src', 'metric', 'onlink', 'pref'])

function occupied({ to, netns, metric, replace }: RouteInput, slot: State['slot'], obstacle: string): Plan {
  const there = slot.map((each) => `"${each.join(' ')}"`).join(' and ')
  const why = obstacle === '' ? '' : `, and it cannot be replaced, because it ${obstacle}`
  const another = `give the route another "metric" than ${metric}`
  const hint = replace === true ? another : `add "replace": true, or ${another}`
  return conflict(`the place of the route to ${to} in ${place(netns)} is taken by ${there}${why}`, hint)
}

function words({ type, to, family, via, dev, table, metric, src, onlink }: RouteInput): RouteWords {
  const gateway = via === undefined ? [] : family === 'ipv4' && familyOf(via) === 6 ? ['inet6', via] : [via]
  return [
    ...(type === 'unicast' ? [] : [type]),
    to,
    ...(gateway.length === 0 ? [] : ['via', ...gateway]),
    ...(dev === undefined ? [] : ['dev', dev]),
    ...(table === 254 ? [] : ['table', `${table}`]),
    ...(src === undefined ? [] : ['src', src]),
    ...(metric === (family === 'ipv6' ? 1024 : 0) ? [] : ['metric', `${metric}`]),
    ...(onlink === true ? ['onlink'] : []),
  ]
}

/** Without its metric `ip route delete` would take a route of any metric, without its protocol one that a daemon made. */
function remove(wanted: RouteInput): Command {
  const metric = ['metric', `${wanted.metric}`]
  const asked = words(wanted)
  return changing(wanted, 'delete', [...asked, ...(asked.includes('metric') ? [] : metric), 'proto', 'boot'])
}

/** A route is of IPv4 when nothing says otherwise; a gateway of IPv6 would. */
function changing({ netns, family }: RouteInput, verb: string, each: RouteWords): Command {
  const option = family === 'ipv6' ? ['-6'] : each.includes('inet6') ? ['-4'] : []
  return ip(netns, ...option, 'route', verb, ...each)
}

const show = ({ netns, family }: RouteInput, options: readonly string[], ...args: RouteWords): Command =>
  ip(netns, family === 'ipv6' ? '-6' : '-4', ...options, 'route', 'show', ...args)
