import { grouped } from '../../core/grouped.ts'
import { keyOf, routeText, translationText, type Box, type Cable, type End, type Mark } from './model.ts'
import type { Route, Topology, Translation } from './model.ts'

/** The world behind the links that lead out of the host. */
export const INTERNET = 'internet'

/** A line between two links of the picture, or from a link to the internet. */
export interface Edge extends Pick<Mark, 'pending' | 'drifted'> {
  readonly kind: 'cable' | 'port' | 'route' | 'translation' | 'uplink'
  /** Arrows lead from here. */
  readonly from: End | typeof INTERNET
  readonly to: End | typeof INTERNET
  /** One line each. */
  readonly texts: readonly string[]
}

/** The lines of a picture, and whether a route or translation is among them. */
export interface Edges {
  readonly edges: readonly Edge[]
  readonly hasArrow: (arrow: Route | Translation) => boolean
}

/**
 * Lists the lines of a picture; arrows of one kind between the same two links are one. What would end at a link that is not
 * in the picture (a bridge that was moved away from its ports) is no line.
 */
export function edgesOf({ boxes, cables, outside }: Topology): Edges {
  const names = new Set(boxes.flatMap(({ netns, links }) => links.map(({ link }) => nameOf({ netns, link }))))
  const isShown = (end: Edge['from']): boolean => end === INTERNET || names.has(nameOf(end))
  const hasEnds = ({ from, to }: Edge): boolean => isShown(from) && isShown(to)
  const arrows = boxes
    .flatMap((box) => arrowsOf(box, box.netns === null ? outside : []))
    .filter(({ edge }) => hasEnds(edge))
  const drawn = new Set(arrows.map(({ of }) => of))
  const edges = [...cables.map(cableEdge), ...boxes.flatMap(portsOf), ...merged(arrows.map(({ edge }) => edge))]
  const led = new Set(edges.flatMap(({ from, to }) => (to === INTERNET ? [nameOf(from)] : [])))
  const uplinks = outside
    .map((link): Edge => ({ ...plain, kind: 'uplink', from: { netns: null, link }, to: INTERNET }))
    .filter(({ from }) => !led.has(nameOf(from)))
  return { edges: [...edges.filter(hasEnds), ...uplinks], hasArrow: (arrow) => drawn.has(arrow) }
}

const cableEdge = ({ ends: [from, to], pending, drifted }: Cable): Edge => ({
  ...plain,
  kind: 'cable',
  from,
  to,
  pending,
  drifted,
})

/** Lists the words beside a line; that a cable has drifted is said at its ends. */
export const wordsOf = ({ kind, texts, drifted }: Edge): readonly string[] =>
  drifted && kind !== 'cable' ? [...texts, 'drifted'] : texts

/** Names what an edge ends at. */
export const nameOf = (end: End | typeof INTERNET): string => (end === INTERNET ? INTERNET : keyOf(end))

const plain = { texts: [], pending: false, drifted: false }

interface Arrow {
  readonly of: Route | Translation
  readonly edge: Edge
}

function arrowsOf(box: Box, outside: readonly string[]): readonly Arrow[] {
  return [
    ...box.routes.flatMap((route) => routeArrows(box, route, outside)),
    ...box.translations.flatMap((translation) => translationArrows(box.netns, translation, outside)),
  ]
}

/** An arrow of a route goes along the cable, whatever bridges lie between its end and the gateway. */
function routeArrows({ netns, links }: Box, route: Route, outside: readonly string[]): readonly Arrow[] {
  const { link, gateway } = route
  if (link === null) return []
  const peer = gateway && links.find((it) => it.link === link)?.peer
  const to = peer ?? gateway ?? (outside.includes(link) ? INTERNET : undefined)
  return to === undefined ? [] : [arrow(route, 'route', { netns, link }, to, routeText(route))]
}

function translationArrows(netns: string | null, it: Translation, outside: readonly string[]): readonly Arrow[] {
  if (it.link === null) return []
  const there = { netns, link: it.link }
  const draw = (from: Edge['from'], to: Edge['to']): Arrow => arrow(it, 'translation', from, to, translationText(it))
  if (it.kind === 'dnat') return it.ends.map((end) => draw(there, end))
  if (it.ends.length > 0) return it.ends.map((end) => draw(end, there))
  return outside.includes(it.link) ? [draw(there, INTERNET)] : []
}

const arrow = (
  of: Route | Translation,
  kind: Edge['kind'],
  from: Edge['from'],
  to: Edge['to'],
  text: string,
): Arrow => ({ of, edge: { kind, from, to, texts: [text], pending: of.pending, drifted: of.drifted } })

function portsOf({ netns, links }: Box): readonly Edge[] {
  return links.flatMap(({ link, master, pending }): readonly Edge[] =>
    master === null ? [] : [{ ...plain, kind: 'port', from: { netns, link }, to: { netns, link: master }, pending }],
  )
}

function merged(edges: readonly Edge[]): readonly Edge[] {
  const groups = grouped(edges, ({ kind, from, to }) => [JSON.stringify([kind, nameOf(from), nameOf(to)])])
  return Array.from(groups.values(), (group) => ({
    ...group[0]!,
    texts: [...new Set(group.flatMap(({ texts }) => texts))],
    pending: group.every(({ pending }) => pending),
    drifted: group.some(({ drifted }) => drifted),
  }))
}
