import { inside, keyIn, linkKey } from '../../core/resource.ts'
import type { Sketch } from '../../core/sketch.ts'
import type { Step } from '../../core/step.ts'
import { listLinks } from './ip-json.ts'
import { lackingKind } from './lacking-kind.ts'
import { hasMark, planOf, remove } from './made-commands.ts'
import { driftOf } from './made-differences.ts'
import { foretellMade, outcomeOf } from './made-foretold.ts'
import type { MadeInput } from './made-input.ts'
import { madeKinds } from './made-kinds.ts'
import { madeStateOf, sharesPlace } from './made-state.ts'
import type { MadeState, Maker, SeenLink } from './maker.ts'
import { isMarked } from './own-mac.ts'

/** Makes the step type of a kind of links: created, observed and deleted in the same way. */
export function madeLink<Input extends MadeInput>(maker: Maker<Input>): Step<Input, MadeState> {
  const { type, summary, docs, input } = maker
  return {
    type,
    summary,
    docs,
    input,
    resources(wanted) {
      const { name, netns, link, ports = [] } = wanted
      const home = maker.home(wanted)
      const under = link === undefined ? [] : [linkKey(home, link)]
      return {
        creates: [linkKey(netns, name)],
        uses: [...new Set([...inside(netns), ...inside(home)]), ...under, ...ports.map((it) => linkKey(netns, it))],
        ...(ports.length === 0 ? {} : { shares: ports.map((port) => keyIn('link', netns, port, 'master')) }),
      }
    },
    probe: (wanted) => [
      listLinks(wanted.netns),
      ...(sharesPlace(maker, wanted) ? [] : [listLinks(maker.home(wanted))]),
      ...(maker.probes?.(wanted) ?? []),
    ],
    observe: (_, wanted, look) => madeStateOf(maker, wanted, look),
    watches: () => [],
    foretell: (wanted, state, earlier) => foretellMade(maker, wanted, state, earlier),
    outcome: (wanted, before, context) => outcomeOf(maker, wanted, before, context),
    plan: (wanted, now, context) => planOf(maker, wanted, now, context),
    undo: (wanted, before, { link }) =>
      before.link !== null || link === null ? [] : [remove(wanted.netns, link.name)],
    identity: ({ link }) => (link === null ? null : identityOf(maker, link)),
    mine: (wanted, _, { link }, attempt) =>
      link === null || hasMark(maker, wanted, link, attempt) || (!isMarked(type, wanted) && !attempt.refused),
    drift: (wanted, after, now) => driftOf(maker, wanted, after, now),
    diagnosis: lackingKind(madeKinds[type]!.kind, maker.module, maker.needs),
    outputs: {
      mac: ({ link }) => (link === null || link.mac === '' ? null : link.mac),
      mtu: ({ link }) => link?.mtu ?? null,
      ifindex: ({ link }) => link?.ifindex ?? null,
    },
    sketch: (wanted) => sketchesOf(maker, wanted),
  }
}

function identityOf<Input extends MadeInput>({ type, keeps }: Maker<Input>, { ifindex, mac, params }: SeenLink) {
  if (keeps !== undefined) return [ifindex, params[keeps] ?? null]
  return [ifindex, /^(ipvlan|vlan)$/.test(type) ? null : mac]
}

function sketchesOf<Input extends MadeInput>(maker: Maker<Input>, wanted: Input): readonly Sketch[] {
  const { name, netns, link, ports = [], mtu } = wanted
  const params = Object.entries(maker.asks(wanted)).flatMap(([what, value]) =>
    typeof value === 'object' || value === false ? [] : [value === true ? what : `${what} ${value}`],
  )
  const at = maker.home(wanted)
  const on = link === undefined ? [] : [`on ${link}${at === netns ? '' : ` of ${at ?? 'the host'}`}`]
  const words = [...on, ...params, ...(mtu === undefined ? [] : [`mtu ${mtu}`])]
  const note = words.length === 0 ? undefined : words.join(', ')
  return [
    { draw: 'link', netns, link: name, kind: madeKinds[maker.type]!.kind, note },
    ...ports.map((port) => ({ draw: 'link', netns, link: port, master: name }) as const),
  ]
}
