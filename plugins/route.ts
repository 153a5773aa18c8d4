import { ip, type Command } from '../core/command.ts'
import { grouped } from '../core/grouped.ts'
import { canonical } from '../core/net.ts'
import { equal } from '../core/json.ts'
import { ofObject } from '../core/memo.ts'
import { everyKey, inside, keyIn, linkKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { routeDocs } from './docs/route.ts'
import type { Input as AddrInput } from './lib/addr-state.ts'
import { inputOf } from './lib/earlier.ts'
import { place } from './lib/ip-json.ts'
import { asWords, changing, detailsOf, remove, words } from './lib/route-commands.ts'
import { dropsRoute, mayComeWith, mayDropRoutes } from './lib/route-foretold.ts'
import { routeInput, type RouteInput } from './lib/route-input.ts'
import { destinationOf, isAsAsked, parseRoutes, unrestorable, valueOf, type RouteWords } from './lib/route-text.ts'

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

/** What the kernel tells routes apart by, in one netns. */
const slotOf = ({ netns, table, to, family, metric }: RouteInput): string =>
  JSON.stringify([netns, table, to, family, metric])

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

const show = ({ netns, family }: RouteInput, options: readonly string[], ...args: RouteWords): Command =>
  ip(netns, family === 'ipv6' ? '-6' : '-4', ...options, 'route', 'show', ...args)
