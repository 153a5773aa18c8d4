import stringWidth from 'string-width'
import { INTERNET } from './edges.ts'
import { ascii, lines as unicode } from './glyphs.ts'
import type { Topology } from './model.ts'
import { blank } from './text-cells.ts'
import type { Row } from './text-columns.ts'
import { GAP, rowText, type Hand } from './text-frames.ts'
import { planOf } from './text-plan.ts'
import { rowsIn, type Widths } from './text-rows.ts'
import { captionOf, clean } from './words.ts'
import { wrap } from './wrap.ts'

/** Columns that a picture has at most, and at least. */
const COLUMNS = { most: 80, least: 48 } as const

/** Columns of both frames, with the space inside of them and the plugs of cables. */
const FRAMES = 10

/** How a picture is to look. */
export interface Look extends Pick<Hand, 'paint'> {
  /** Columns that there are; a picture takes at most 80, and at least 48. */
  readonly columns: number
  readonly ascii: boolean
}

/** Draws a topology: a box on the left with cables to those on the right. */
export function textOf(topology: Topology, { paint, columns, ascii: isPlain }: Look): string {
  const width = Math.max(COLUMNS.least, Math.min(COLUMNS.most, columns))
  const glyphs = isPlain ? ascii : unicode
  const { drifted } = topology
  const changes = drifted.flatMap(({ step, text }) => wrap(`drifted  ${clean(`${step}: ${text}`)}`, width))
  return [
    ...wrap(clean(captionOf(topology)), width),
    '',
    ...pictureOf(topology, width, { glyphs, paint }),
    ...(changes.length === 0 ? [] : ['', ...changes.map((line) => paint('red', line))]),
  ].join('\n')
}

function pictureOf(topology: Topology, columns: number, hand: Hand): readonly string[] {
  const { glyphs } = hand
  const plan = planOf(topology)
  if (!plan)
    return [topology.run === null ? 'nothing to draw: it has no steps' : 'nothing to draw: nothing of it is left']
  const wanted = rowsIn(topology, plan, { left: Infinity, right: Infinity }, glyphs)
  const widths = fitting(wanted, plan.spokes.length > 0, columns)
  const rows = rowsIn(topology, plan, widths, glyphs)
  const up = plan.hub.netns === null && topology.outside.length > 0
  const sky = up ? [` ${INTERNET}`, `    ${glyphs.heads.up}`] : []
  return [...sky, ...rows.map((row, at) => rowText(row, widths, hand, up && at === 0).trimEnd())]
}

/** Finds widths that fit into the columns: what may be broken gives way first, and then the wider box. */
function fitting(rows: readonly Row[], hasRight: boolean, columns: number): Widths {
  const wish = { left: wishOf(rows, 'left', Infinity), right: wishOf(rows, 'right', Infinity) }
  if (!hasRight) return { left: Math.min(wish.left, columns - 4), right: 0 }
  const room = columns - FRAMES - GAP
  const least = { left: wishOf(rows, 'left', LOOSE), right: wishOf(rows, 'right', LOOSE) }
  const spare = room - least.left - least.right
  const left =
    spare < 0
      ? Math.min(least.left, Math.max(room - least.right, Math.ceil(room / 2)))
      : Math.min(wish.left, Math.max(least.left + Math.floor(spare / 2), room - wish.right))
  return { left, right: Math.min(Math.max(wish.right, least.right), room - left) }
}

/** Columns that a text has at least which may be broken. */
const LOOSE = 20

/** Finds the columns that a box would like to have, with at most so many for what may be broken. */
function wishOf(rows: readonly Row[], side: 'left' | 'right', loose: number): number {
  return rows.reduce((most, row) => {
    const { text, loose: isLoose, kind } = row[side] ?? blank
    const beside = kind === 'top' ? BESIDE_NAME : side === 'left' && row.gap?.kind === 'cable' ? BESIDE_CABLE : 0
    return Math.max(most, Math.min(stringWidth(text) + beside, isLoose ? loose : Infinity))
  }, 0)
}

/** Columns for the arrow to the internet in the upper frame, beside its name. */
const BESIDE_NAME = 5

/** Columns of a cable inside of the box that it begins in. */
const BESIDE_CABLE = 3
