import { got } from './problems.ts'
import { refusal, type Position } from './reading.ts'

/** A text that is being read, and how far. */
export interface Cursor {
  readonly text: string
  readonly path: string
  readonly place: (offset: number) => Position
  at: number
}

const [QUOTE, BACKSLASH, SPACE] = [0x22, 0x5c, 0x20]

/** Goes past white space; gives the character that is there, empty at the end. */
export function next(cursor: Cursor): string {
  const { text } = cursor
  while (cursor.at < text.length && isBlank(text.charCodeAt(cursor.at))) cursor.at += 1
  return text.charAt(cursor.at)
}

const isBlank = (code: number): boolean => code === SPACE || code === 0x0a || code === 0x0d || code === 0x09

/** Reads a string that begins here. @throws WORKFLOW_INVALID */
export function readString(cursor: Cursor): string {
  const { text, at: start } = cursor
  let plain = true
  for (cursor.at += 1; text.charCodeAt(cursor.at) !== QUOTE; cursor.at += 1) {
    const code = text.charCodeAt(cursor.at)
    if (cursor.at >= text.length)
      throw refusal(cursor.path, "expected JSON with a '\"' that ends this text, got none", cursor.place(start))
    if (code < SPACE) throw unexpected(cursor, 'no control character in a text')
    if (code === BACKSLASH) {
      plain = false
      goPastEscape(cursor)
    }
  }
  cursor.at += 1
  return plain ? text.slice(start + 1, cursor.at - 1) : (JSON.parse(text.slice(start, cursor.at)) as string)
}

function goPastEscape(cursor: Cursor): void {
  cursor.at += 1
  if (cursor.text[cursor.at] === 'u' && /^[\da-f]{4}$/i.test(cursor.text.slice(cursor.at + 1, cursor.at + 5))) {
    cursor.at += 4
  } else if (!/^["\\/bfnrt]$/.test(cursor.text.charAt(cursor.at))) {
    throw unexpected(cursor, 'one of "\\/bfnrt or u and four hex digits after a backslash')
  }
}

const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?/iy

/** Reads a number, `true`, `false` or `null` that begins here. @throws WORKFLOW_INVALID */
export function readLiteral(cursor: Cursor): unknown {
  literal.lastIndex = cursor.at
  const [word] = literal.exec(cursor.text) ?? []
  if (word === undefined || (/^[a-z]/i.test(word) && word !== word.toLowerCase())) throw unexpected(cursor, 'a value')
  cursor.at += word.length
  return JSON.parse(word) as unknown
}

/** Refuses what stands here. */
export function unexpected(cursor: Cursor, expected: string): Error {
  const char = String.fromCodePoint(cursor.text.codePointAt(cursor.at) ?? 0)
  const found = cursor.at < cursor.text.length ? (char === '"' ? "'\"'" : got(char)) : 'the end'
  return refusal(cursor.path, `expected JSON with ${expected} here, got ${found}`, cursor.place(cursor.at))
}
