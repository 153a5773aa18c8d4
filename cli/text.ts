import { printable } from '../core/quote.ts'

/** How many columns a text takes on a terminal: wide characters take two, combining ones and colours none. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length
  // loading it costs as much as starting Node
  const { default: stringWidth } = require('string-width') as typeof import('string-width')
  return stringWidth(text)
}

/** Only characters that take one column each, such as ASCII and `…✓`. */
const NARROW = /^[ -~\xa1-\xac\xae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u257f\u2713\u2717]*$/

/** How many columns a terminal has now; 80 where it does not know. */
export const columnsOf = ({ columns }: NodeJS.WriteStream): number => columns || 80

/** Makes text safe to print on one line: line feeds and tabs become visible or blank. */
export const oneLine = (text: string): string => printable(text).replaceAll('\n', '⏎ ').replaceAll('\t', ' ')

/** Fills a text up with blanks to a number of columns. */
export const padTo = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - widthOf(text)))

/** Cuts a text to a number of columns, with `…` in place of its end; colours stay, so that what they begin is ended. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let room = columns - 1
  const shortened = text.split(COLOUR).map((part, at) => {
    if (at % 2 === 1 || room < 0) return at % 2 === 1 ? part : ''
    const kept = beginningOf(part, room)
    room = kept === part ? room - widthOf(part) : -1
    return kept === part ? part : `${kept}…`
  })
  return shortened.join('')
}

/** Cuts a text to a number of columns, with `…` in place of its beginning: a path whose file name stays. */
export function cutStart(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let kept = ''
  for (const part of graphemesOf(text).toReversed()) {
    if (widthOf(part + kept) > columns - 1) break
    kept = part + kept
  }
  return `…${kept}`
}

/**
 * Writes words side by side into lines of at most `columns`, of which the first `indent` are taken or stay blank; a word
 * that is longer than a line stays whole. `joint` ends each line but the last, as a `\` does in a shell.
 */
export function wrapped(words: readonly string[], indent: number, columns: number, joint: string): string {
  const lines: string[] = []
  let line = ''
  for (const [at, word] of words.entries()) {
    const longer = at === 0 ? word : `${line} ${word}`
    const fits = indent + widthOf(longer) + (at === words.length - 1 ? 0 : joint.length) <= columns
    if (at > 0 && !fits) lines.push(line + joint)
    line = at > 0 && !fits ? word : longer
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

/** Breaks a text at its blanks into lines of at most so many columns; a longer word has a line of its own. */
export const wrap = (text: string, columns: number): readonly string[] =>
  wrapped(text.trim().split(/\s+/), 0, columns, '').split('\n')

/** Writes a text of one or more lines behind a label that takes `indent` columns. */
export const behind = (text: string, indent: number, columns: number): string =>
  text
    .split('\n')
    .map((line) => wrapped(line.split(' '), indent, columns, ''))
    .join(`\n${' '.repeat(indent)}`)

/** Takes a text apart into what is one character to the eye. */
export const graphemesOf = (text: string): readonly string[] =>
  [...(segmenter ??= new Intl.Segmenter()).segment(text)].map(({ segment }) => segment)

const COLOUR = /(\x1b\[\d+m)/

function beginningOf(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let kept = ''
  for (const part of graphemesOf(text)) {
    if (widthOf(kept + part) > columns) break
    kept += part
  }
  return kept
}

let segmenter: Intl.Segmenter | undefined
