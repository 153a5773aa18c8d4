import stringWidth from 'string-width'
import { INTERNET } from './edges.ts'
import type { Glyphs } from './glyphs.ts'
import { titleOf, translationText, type Box, type End, type Link, type Mark, type Translation } from './model.ts'
import { addressLines, clean, noteLines, withState, type Line } from './words.ts'
import { wrap } from './wrap.ts'

/** What stands in a box at one height. */
export interface Cell {
  readonly kind: 'top' | 'bottom' | 'text'
  readonly text: string
  readonly drifted: boolean
  /** It may be broken into more lines than it has. */
  readonly loose: boolean
}

/** How links are drawn: with which characters, and in how many columns. */
export interface Pen {
  readonly glyphs: Glyphs
  readonly columns: number
}

/** A height at which nothing stands in the box. */
export const blank: Cell = { kind: 'text', text: '', drifted: false, loose: false }

/** The frame above a box, with its name. */
export const topOf = (box: Box): Cell => ({
  ...blank,
  kind: 'top',
  text: clean(withState(titleOf(box), box)),
  drifted: box.drifted,
})

/** The frame below a box. */
export const bottom: Cell = { ...blank, kind: 'bottom' }

/** What stands beside the name of a link: before it the sign of a port, behind it where it leads. */
interface Beside {
  readonly before?: string
  readonly behind?: string | undefined
}

/** Writes a link on a line: its name, what it is, its first address; the other addresses below that. */
export function linkCells(link: Link, { before = '', behind }: Beside, { columns }: Pen): readonly Cell[] {
  const name = `${before}${clean(link.link)}`
  const [first, ...more] = addressLines(link).map(({ text }) => clean(text))
  const head = link.kind === null || link.kind === 'veth' ? name : `${name}  ${clean(link.kind)}`
  // which part drifted is said behind that part
  const isTold = link.drifted && [...link.addresses, ...link.notes].some(({ drifted }) => drifted)
  const state = isTold ? '' : withState('', link)
  const words = [head, first, ...noteLines(link).map(({ text }) => clean(text)), state, behind].filter((it) => it)
  const isDrifted = (at: number): boolean => link.drifted || link.addresses[at]?.drifted === true
  const indent = ' '.repeat(stringWidth(head) + 2)
  return [
    ...cells(words.join('  '), isDrifted(0), columns),
    ...more.flatMap((text, at) => cells(indent + text, isDrifted(at + 1), columns)),
  ]
}

/** Writes the words of a box. */
export const lineCells = (lines: readonly Line[], { columns }: Pen): readonly Cell[] =>
  lines.flatMap((line) => cells(clean(withState(line.text, line)), line.drifted, columns).map(loosely))

/** Writes an arrow of translation between the link that leads to the internet and what is below it. */
export function translationCells(translations: readonly Translation[], { glyphs, columns }: Pen): readonly Cell[] {
  if (translations.length === 0) return []
  const out = translations.some(({ kind }) => kind !== 'dnat')
  const back = translations.some(({ kind }) => kind === 'dnat')
  const drifted = translations.some((it) => it.drifted)
  const shaft = (text: string, red: boolean): readonly Cell[] =>
    cells(text, red, columns - 4).map((cell) => ({ ...cell, text: `  ${glyphs.down} ${cell.text}` }))
  return [
    ...cells(`  ${out ? glyphs.heads.up : glyphs.down}`, drifted, columns),
    ...translations.flatMap((it) => shaft(clean(withState(translationText(it), it)), it.drifted)),
    ...cells(`  ${back ? glyphs.heads.down : glyphs.down}`, drifted, columns),
  ]
}

/** Says where the cable of a link leads when it is not drawn. */
export function cableText({ peer }: Link, { glyphs }: Pen): string | undefined {
  return peer === null ? undefined : `${glyphs.cable.repeat(3)}${TOGETHER}${endText(peer)}`
}

/** Says that a link leads to the internet. */
export const internetText = ({ glyphs }: Pen): string =>
  `${glyphs.across.repeat(2)}${glyphs.heads.right}${TOGETHER}${INTERNET}`

/** Breaks a text into as many heights as it needs. */
export const cells = (text: string, drifted: Mark['drifted'], columns: number): readonly Cell[] =>
  wrap(text, columns).map((line) => ({ ...blank, text: line.replaceAll(TOGETHER, ' '), drifted }))

/** A space where no line is broken. */
const TOGETHER = '\u00a0'

const loosely = (cell: Cell): Cell => ({ ...cell, loose: true })

const endText = ({ netns, link }: End): string => clean(`${netns ?? 'host'}/${link}`)
