import type { Glyphs } from './glyphs.ts'
import { routeText, type Box, type Link, type Route, type Topology, type Translation } from './model.ts'
import {
  blank,
  bottom,
  cableText,
  cells,
  internetText,
  lineCells,
  linkCells,
  topOf,
  translationCells,
} from './text-cells.ts'
import type { Cell, Pen } from './text-cells.ts'
import { twoColumns, type Columns, type Row } from './text-columns.ts'
import { rowsOf, type HubRow, type Plan } from './text-plan.ts'
import { clean, linesOf, withState } from './words.ts'

/** Columns of text in the boxes. */
export interface Widths {
  readonly left: number
  readonly right: number
}

/** Lays out all boxes. Without limits for the widths it tells how wide they would like to be. */
export function rowsIn(
  topology: Topology,
  { hub, spokes, rows }: Plan,
  widths: Widths,
  glyphs: Glyphs,
): readonly Row[] {
  const pens = { left: { glyphs, columns: widths.left }, right: { glyphs, columns: widths.right } }
  const sheet: Sheet = { columns: twoColumns(), topology, hub, pens, arrows: new Set(), open: undefined }
  const { left, right } = sheet.columns
  left.push(topOf(hub))
  for (const [at, row] of rows.entries()) drawRow(sheet, row, at === 0)
  left.push(...wordsOf(sheet, hub, rows.length > 0, pens.left), bottom)
  endSpoke(sheet)
  const near = new Set(rows.flatMap(({ cable }) => cable?.box ?? []))
  for (const box of spokes.filter((it) => !near.has(it))) {
    beginSpoke(sheet, box)
    endSpoke(sheet)
  }
  while (right.length > 0 && right.at(-1) === undefined) right.pop()
  return sheet.columns.rows()
}

/** A picture that is being drawn. */
interface Sheet {
  readonly columns: Columns
  readonly topology: Topology
  readonly hub: Box
  readonly pens: { readonly left: Pen; readonly right: Pen }
  /** What is drawn as an arrow needs no words. */
  readonly arrows: Set<Route | Translation>
  /** The right box that is being drawn, and the links of it that are. */
  open: { readonly box: Box; readonly cabled: Set<Link> } | undefined
}

function drawRow(sheet: Sheet, row: HubRow, isFirst: boolean): void {
  const { link, port, cable } = row
  const { columns, pens, topology, hub } = sheet
  const pen = pens.left
  const before = port === 'no' ? '' : pen.glyphs.ports[port]
  if (cable) return drawStrand(sheet, row, cable, linkCells(link, { before }, pen))
  const isOutside = hub.netns === null && topology.outside.includes(link.link)
  if (!isOutside) return void columns.left.push(...linkCells(link, { before, behind: cableText(link, pen) }, pen))
  if (!isFirst) return void columns.left.push(...linkCells(link, { behind: internetText(pen) }, pen))
  const translations = hub.translations.filter((it) => it.link === link.link)
  for (const it of translations) sheet.arrows.add(it)
  columns.left.push(...cells(`  ${pen.glyphs.down}`, false, pen.columns))
  columns.left.push(...linkCells(link, {}, pen), ...translationCells(translations, pen))
}

/** Draws a cable with both its ends, and below it the routes that go by it. */
function drawStrand(sheet: Sheet, { link }: HubRow, far: NonNullable<HubRow['cable']>, here: readonly Cell[]): void {
  const { columns, hub, pens } = sheet
  beginSpoke(sheet, far.box)
  columns.even()
  sheet.open?.cabled.add(far.link)
  const pending = link.pending || far.link.pending
  columns.cross({ kind: 'cable', pending, drifted: link.drifted || far.link.drifted })
  columns.left.push(...here)
  columns.right.push(...linkCells(far.link, { behind: masterText(far.link) }, pens.right))
  columns.even()
  for (const route of leading(far.box, far.link, hub)) drawArrow(sheet, 'left', route)
  for (const route of leading(hub, link, far.box)) drawArrow(sheet, 'right', route)
}

function drawArrow({ columns, pens, arrows }: Sheet, kind: 'left' | 'right', route: Route): void {
  const { pending, drifted } = route
  const from = kind === 'left' ? ('right' as const) : ('left' as const)
  columns.cross({ kind, pending, drifted })
  columns[from].push(...cells(clean(withState(routeText(route), route)), drifted, pens[from].columns))
  columns.even()
  arrows.add(route)
}

const leading = ({ routes }: Box, { link }: Link, to: Box): readonly Route[] =>
  routes.filter((route) => route.link === link && route.gateway?.netns === to.netns && route.gateway !== null)

function beginSpoke(sheet: Sheet, box: Box): void {
  if (sheet.open?.box === box) return
  endSpoke(sheet)
  const { left, right } = sheet.columns
  // the frame above it stands beside what comes before its first cable
  while (right.length < left.length - 1) right.push(undefined)
  right.push(topOf(box))
  sheet.open = { box, cabled: new Set() }
}

/** Draws what is left of the right box, and the frame below it. */
function endSpoke(sheet: Sheet): void {
  const { open, columns, pens, topology } = sheet
  if (!open) return
  const { box, cabled } = open
  const outside = box.netns === null ? topology.outside : []
  const rows = rowsOf(box, outside).filter(({ link }) => !cabled.has(link))
  columns.right.push(
    ...rows.flatMap(({ link, port }) => {
      const behind = outside.includes(link.link) ? internetText(pens.right) : cableText(link, pens.right)
      return linkCells(link, { before: port === 'no' ? '' : pens.right.glyphs.ports[port], behind }, pens.right)
    }),
  )
  columns.right.push(...wordsOf(sheet, box, box.links.length > 0, pens.right), bottom, undefined)
  sheet.open = undefined
}

/** Writes what a box says in words, apart from its links. */
function wordsOf({ arrows }: Sheet, box: Box, apart: boolean, pen: Pen): readonly Cell[] {
  const lines = lineCells(
    linesOf(box, (arrow) => arrows.has(arrow)),
    pen,
  )
  return apart && lines.length > 0 ? [blank, ...lines] : lines
}

const masterText = ({ master }: Link): string | undefined => (master === null ? undefined : `port of ${clean(master)}`)
