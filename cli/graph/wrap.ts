import { graphemesOf, widthOf } from '../text.ts'

/**
 * Breaks a text into lines of so many columns at most, at spaces where it can. The indentation of the text stays up to
 * half of that, and all lines but the first have two columns more. Wide characters count as two columns.
 */
export function wrap(text: string, columns: number): readonly string[] {
  if (widthOf(text) <= columns) return [text]
  const indent = ' '.repeat(Math.min(/^ */.exec(text)![0].length, Math.floor(columns / 2)))
  const room = Math.max(1, columns - indent.length - 2)
  const lines: string[] = []
  let line = ''
  for (const word of text.trim().split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`
    if (widthOf(joined) <= room + (lines.length === 0 ? 2 : 0)) line = joined
    else {
      const [first = '', ...more] = piecesOf(word, room).toReversed()
      lines.push(...[line, ...more.toReversed()].filter((it) => it.trim() !== ''))
      line = first
    }
  }
  return [...lines, line].map((it, at) => `${indent}${at === 0 ? '' : '  '}${it}`.trimEnd())
}

/** Cuts a text that is longer than a line, between characters as people see them. */
export function piecesOf(word: string, columns: number): readonly string[] {
  if (widthOf(word) <= columns) return [word]
  const pieces = ['']
  for (const part of graphemesOf(word)) {
    if (pieces.at(-1) !== '' && widthOf(pieces.at(-1)! + part) > columns) pieces.push('')
    pieces[pieces.length - 1] += part
  }
  return pieces
}
