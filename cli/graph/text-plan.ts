import { grouped } from '../../core/grouped.ts'
import { keyOf, type Box, type Link, type Topology } from './model.ts'

/** How the boxes stand: one on the left, all others below each other on the right. */
export interface Plan {
  readonly hub: Box
  readonly spokes: readonly Box[]
  /** Links of the hub from top to bottom. */
  readonly rows: readonly HubRow[]
}

/** A link of the hub. */
export interface HubRow {
  readonly link: Link
  /** It is a port of the bridge above it; the last one ends the list. */
  readonly port: 'no' | 'more' | 'last'
  /** Where the cable leads that is drawn from here. */
  readonly cable: { readonly box: Box; readonly link: Link } | undefined
}

/** The hub is the box with the most cables, the host before others; undefined when there are no boxes. */
export function planOf({ boxes, cables, outside }: Topology): Plan | undefined {
  const ends = grouped(
    cables.flatMap(({ ends: [a, b] }) => (a.netns === b.netns ? [] : [a, b])),
    ({ netns }) => [netns],
  )
  const count = ({ netns }: Box): number => ends.get(netns)?.length ?? 0
  const hub = boxes.reduce<Box | undefined>((best, box) => (best && count(best) >= count(box) ? best : box), undefined)
  if (!hub) return undefined
  const rows = withCables(hub, boxes, rowsOf(hub, hub.netns === null ? outside : []))
  const near = new Set(rows.flatMap(({ cable }) => cable?.box ?? []))
  const far = boxes.filter((box) => box !== hub && !near.has(box))
  return { hub, rows, spokes: [...near, ...far] }
}

/** Puts the ports of a bridge below it, and what leads to the internet above all. */
export function rowsOf({ links }: Pick<Box, 'links'>, outside: readonly string[]): readonly Omit<HubRow, 'cable'>[] {
  const names = new Set(links.map(({ link }) => link))
  const ports = grouped(links, ({ link, master }) => [
    master !== null && master !== link && names.has(master) ? master : null,
  ])
  const seen = new Set<string>()
  const below = (link: Link): readonly Omit<HubRow, 'cable'>[] => {
    if (seen.has(link.link)) return []
    seen.add(link.link)
    const own = ports.get(link.link) ?? []
    return own.flatMap((port, at) => [
      { link: port, port: at === own.length - 1 ? ('last' as const) : ('more' as const) },
      ...below(port),
    ])
  }
  const top = (ports.get(null) ?? []).toSorted((a, b) => rank(a, outside) - rank(b, outside))
  const rows = top.flatMap((link) => [{ link, port: 'no' as const }, ...below(link)])
  const shown = new Set(rows.map(({ link }) => link))
  return [...rows, ...links.filter((link) => !shown.has(link)).map((link) => ({ link, port: 'no' as const }))]
}

const rank = ({ link }: Link, outside: readonly string[]): number => (outside.includes(link) ? 0 : 1)

/** Chooses the cables that are drawn: those to one box have to stand together. */
function withCables(hub: Box, boxes: readonly Box[], rows: readonly Omit<HubRow, 'cable'>[]): readonly HubRow[] {
  const ends = new Map(
    boxes.flatMap((box) => box.links.map((link) => [keyOf({ netns: box.netns, link: link.link }), { box, link }])),
  )
  const closed = new Set<Box>()
  let open: Box | undefined
  return rows.map((row) => {
    const cable = row.link.peer === null ? undefined : ends.get(keyOf(row.link.peer))
    const isDrawn = cable !== undefined && cable.box !== hub && !closed.has(cable.box)
    if (isDrawn && open && open !== cable.box) closed.add(open)
    if (isDrawn) open = cable.box
    return { ...row, cable: isDrawn ? cable : undefined }
  })
}
