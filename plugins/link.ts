import { inside, keyIn, linkKey, type ResourceKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Plan } from '../core/step.ts'
import { linkDocs } from './docs/link.ts'
import { hasSteadyMac, linkId, namesOf, place, UNKNOWN } from './lib/ip-json.ts'
import { changedFields, changesOf, predicted, wayBack } from './lib/link-commands.ts'
import { fields, input, target, type Input } from './lib/link-input.ts'
import { foretellLink, watchedBy } from './lib/link-foretold.ts'
import { bridgeIn, looksIn, nothing, obstaclesTo, places, stateOf, viewOf, type State } from './lib/link-state.ts'
import { didYouMean, nearNames } from './lib/near-names.ts'
import { noLink } from './lib/on-link.ts'
import { sketchLink } from './lib/link-sketch.ts'

/**
 * Changes a link that is there: sets it up or down, its MTU (bytes), mac, alias or bridge, or moves it into a netns. What
 * is not named stays as it is; after a move the other fields apply in the new netns.
 *
 * What the kernel drops on the way is put back at undo: setting a link down drops its static routes and IPv6 addresses;
 * an MTU below 1280 drops all of its IPv6 (RFC 8200 §5), `net.ipv6.conf` of the link included; a bridge without a mac of
 * its own takes the one of a port (its `tso_max_size`, a mere capability, stays as the port made it). A move sets the link down and drops its routes, addresses and sysctls, so a link with
 * addresses (link-local ones apart), routes or a master is not moved. It keeps its ifindex if the other netns has it
 * free. The kernel lowers the MTU of links that stand on this one (macvlan, vlan) along with it, and does not raise it again.
 *
 * @see ip-link(8), rtnetlink(7)
 */
export default defineStep({
  type: 'link',
  summary: 'Changes a link: up or down, MTU, mac, alias, bridge, netns.',
  docs: linkDocs,
  input,
  resources: (wanted) => ({
    creates: wanted.moveTo === undefined ? [] : [linkKey(wanted.moveTo, wanted.link)],
    uses: [...inside(wanted.netns), ...inside(wanted.moveTo), linkKey(wanted.netns, wanted.link)].concat(
      wanted.master === undefined ? [] : [linkKey(target(wanted), wanted.master)],
    ),
    shares: fieldKeys(wanted),
  }),
  indivisible: fieldKeys,
  probe: (wanted) => places(wanted).flatMap((netns) => looksIn(netns, wanted)),
  observe(_, wanted, { outputs }): State {
    const size = looksIn(undefined, wanted).length
    const [home, there] = places(wanted).map((_netns, at) => viewOf(wanted, outputs.slice(at * size, (at + 1) * size)))
    const around = (there ?? home!).links
    if (home!.link) {
      const obstacles = obstaclesTo(wanted, home!.link, home!, there)
      return { ...stateOf(wanted, home!.link, home!, around), obstacles }
    }
    if (there?.link) return { ...stateOf(wanted, there.link, there, around), moved: true }
    return {
      ...nothing,
      link: null,
      bridge: bridgeIn(wanted, around),
      near: nearNames(namesOf(home!.links), wanted.link),
    }
  },
  foretell: foretellLink,
  outcome: predicted,
  watches: watchedBy,
  changes: (wanted, now) => changedFields(wanted, now.link),
  plan(wanted, now): Plan {
    const wrong = refusal(wanted, now)
    if (wrong !== undefined) return wrong
    const apply = changesOf(wanted, now)
    return apply.length === 0 ? nothingToDo : { apply, undo: wayBack(wanted, now, predicted(wanted, now)) }
  },
  undo: (wanted, before, now) => wayBack(wanted, before, now),
  identity: ({ link }) => (link === null ? null : linkId(link.ifindex, link.kind, link.mac)),
  mine({ mac }, { link: was }, { link: is, moved }) {
    if (was === null || is === null) return true
    const fits = [was.mac, mac].includes(is.mac) || was.mac === '' || !hasSteadyMac(is.kind)
    return fits && (moved || was.ifindex === UNKNOWN || was.ifindex === is.ifindex)
  },
  outputs: {
    mac: ({ link }) => link?.mac ?? null,
    mtu: ({ link }) => link?.mtu ?? null,
    ifindex: ({ link }) => link?.ifindex ?? null,
    netns: (_, wanted) => target(wanted) ?? null,
  },
  sketch: sketchLink,
})

function fieldKeys(wanted: Input): readonly ResourceKey[] {
  const named = fields.filter((field) => field !== 'moveTo' && wanted[field] !== undefined)
  return named.map((field) => keyIn('link', target(wanted), wanted.link, field))
}

function refusal({ link, netns, moveTo, master }: Input, now: State): Plan | undefined {
  const there = place(moveTo ?? netns)
  if (now.link === null) return noLink({ link, netns }, now)
  if (now.obstacles.length > 0) return conflict(`link ${link} cannot be moved to ${there}: ${now.obstacles.join('; ')}`)
  if (master === undefined) return undefined
  if (now.bridge === null) return conflict(`bridge ${master} does not exist in ${there}`, didYouMean(now.near))
  if (now.bridge.kind !== 'bridge') return conflict(`expected a bridge, got ${master} of kind ${now.bridge.kind}`)
  if ((now.link.master ?? master) === master) return undefined
  return conflict(`link ${link} belongs to ${now.link.master}, expected ${master} or none`)
}
