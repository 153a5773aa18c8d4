import stringWidth from 'string-width'
import type { Paint } from '../terminal.ts'
import type { Glyphs } from './glyphs.ts'
import type { Cell } from './text-cells.ts'
import type { Gap, Row } from './text-columns.ts'
import type { Widths } from './text-rows.ts'
import { piecesOf } from './wrap.ts'

/** Columns between the boxes. */
export const GAP = 9

/** What a picture is drawn with. */
export interface Hand {
  readonly glyphs: Glyphs
  /** Paints a text, or does not. */
  readonly paint: (paint: Paint, text: string) => string
}

/** Draws one height of a picture; an arrow to the internet goes up through the frame. */
export function rowText({ left, gap, right }: Row, widths: Widths, hand: Hand, up: boolean): string {
  const { glyphs, paint } = hand
  const here = left ? leftText(left, gap, widths.left, hand, up) : ' '.repeat(widths.left + 4)
  if (!right && !gap) return here
  const between = gap ? gapText(gap, glyphs) : ' '.repeat(GAP)
  const there = right ? rightText(right, gap, widths.right, hand) : ''
  return here + (gap?.drifted ? paint('red', between) : between) + there
}

function gapText({ kind, pending }: Gap, { cable, pendingCable, across, heads }: Glyphs): string {
  if (kind === 'cable') return (pending ? pendingCable : cable).repeat(GAP)
  const shaft = (pending ? pendingCable : across).repeat(GAP - 1)
  return kind === 'left' ? heads.left + shaft : shaft + heads.right
}

function leftText(cell: Cell, gap: Gap | undefined, width: number, hand: Hand, up: boolean): string {
  const { glyphs } = hand
  if (cell.kind !== 'text') return frameText(cell, width + 4, hand, up)
  const rest = width - stringWidth(cell.text)
  const cable = gap?.pending ? glyphs.pendingCable : glyphs.cable
  const plug =
    gap?.kind === 'cable'
      ? ` ${cable.repeat(Math.max(0, rest))}${glyphs.socket}`
      : `${' '.repeat(Math.max(0, rest))} ${gap?.kind === 'right' ? glyphs.leaves.right : glyphs.down}`
  return `${glyphs.down} ${painted(cell, hand)}${plug}`
}

function rightText(cell: Cell, gap: Gap | undefined, width: number, hand: Hand): string {
  const { glyphs } = hand
  if (cell.kind !== 'text') return frameText(cell, width + 6, hand, false)
  const edge = gap?.kind === 'cable' ? glyphs.socket : gap?.kind === 'left' ? glyphs.leaves.left : glyphs.down
  const plug = gap?.kind === 'cable' ? (gap.pending ? glyphs.pendingCable : glyphs.cable).repeat(2) : '  '
  return `${edge}${plug} ${painted(cell, hand)}${' '.repeat(Math.max(0, width - stringWidth(cell.text)))} ${glyphs.down}`
}

/** Draws the upper frame of a box with its name, or the lower one. */
function frameText({ kind, text, drifted }: Cell, width: number, { glyphs, paint }: Hand, up: boolean): string {
  const [topLeft, topRight, bottomLeft, bottomRight] = glyphs.corners
  if (kind === 'bottom') return bottomLeft + glyphs.across.repeat(width - 2) + bottomRight
  const start = up ? `${glyphs.across.repeat(3)}${glyphs.leaves.up}${glyphs.across}` : glyphs.across
  const name = shortened(text, width - start.length - 5, glyphs)
  const rest = width - start.length - stringWidth(name) - 4
  return `${topLeft}${start} ${drifted ? paint('red', name) : name} ${glyphs.across.repeat(rest)}${topRight}`
}

const painted = ({ text, drifted }: Cell, { paint }: Hand): string =>
  drifted && text !== '' ? paint('red', text) : text

function shortened(text: string, width: number, { dots }: Glyphs): string {
  return stringWidth(text) <= width ? text : `${piecesOf(text, Math.max(1, width - dots.length))[0]}${dots}`
}
