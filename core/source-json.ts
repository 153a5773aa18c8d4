import { parse, type AnyNode } from '@humanwhocodes/momoa'
import { invalid, pointerOf, type Problem } from './problems.ts'
import { keyMistake, MAX_DEPTH, positionAt, refusal, tooDeep, type Position, type Read } from './reading.ts'

/** What is gathered while a tree is walked. */
interface Found {
  readonly positions: Map<string, Position>
  readonly keys: Map<string, Position>
  readonly problems: Problem[]
}

/** Reads JSON, RFC 8259; a key that stands twice is a mistake, a byte order mark is none. @throws WORKFLOW_INVALID */
export function readJson(text: string, path: string): Read {
  const json = text.replace(/^\ufeff/, '')
  expectShallow(json, path)
  const found: Found = { positions: new Map(), keys: new Map(), problems: [] }
  const value = valueOf(parsed(json, path), '', found)
  if (found.problems.length > 0) throw invalid(path, found.problems)
  return { value, positions: found.positions, keys: found.keys }
}

function parsed(text: string, path: string): AnyNode {
  try {
    return parse(text, { mode: 'json' }).body
  } catch (error) {
    const { line = 1, column = 1, message } = error as Error & Partial<Position>
    throw refusal(path, `expected JSON: ${inPlainWords(message)}`, { line, column })
  }
}

/** The parser's names of tokens, as people know them. */
const tokens: { readonly [name: string]: string } = {
  LBrace: '"{"',
  RBrace: '"}"',
  LBracket: '"["',
  RBracket: '"]"',
  Comma: '","',
  Colon: '":"',
}

const inPlainWords = (message: string): string =>
  message.replace(/ \(\d+:\d+\)$/, '').replace(/[LR]Brac(?:e|ket)|Comma|Colon/g, (name) => tokens[name]!)

/** Counts brackets outside of strings, before anything recursive sees the text. */
function expectShallow(text: string, path: string): void {
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!
    if (char === '"') at = endOfString(text, at)
    else if (char === '[' || char === '{') depth += 1
    else if (char === ']' || char === '}') depth -= 1
    if (depth > MAX_DEPTH) throw tooDeep(path, positionAt(text, at))
  }
}

/** Finds the quote that ends the string which begins at an offset, or the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

function valueOf(node: AnyNode, at: string, found: Found): unknown {
  found.positions.set(at, placeOf(node))
  if (node.type === 'Array') return node.elements.map(({ value }, index) => valueOf(value, `${at}/${index}`, found))
  if (node.type === 'Object') {
    const entries = node.members.map(({ name: key, value }): [string, unknown] => {
      const name = key.type === 'String' ? key.value : key.name
      const pointer = at + pointerOf([name])
      const message = keyMistake(name, found.keys.get(pointer))
      if (message !== undefined) found.problems.push({ ...placeOf(key), pointer, message })
      else found.keys.set(pointer, placeOf(key))
      return [name, valueOf(value, pointer, found)]
    })
    return Object.fromEntries(entries)
  }
  return node.type === 'Null' ? null : (node as { readonly value?: unknown }).value
}

function placeOf({ loc }: AnyNode): Position {
  return { line: loc.start.line, column: loc.start.column }
}
