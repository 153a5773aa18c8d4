import { next, readLiteral, readString, unexpected, type Cursor } from './json-token.ts'
import { invalid, pointerOf, type Problem } from './problems.ts'
import {
  keyMistake,
  MAX_DEPTH,
  MAX_ENTRIES,
  MAX_VALUES,
  positionsIn,
  tooDeep,
  tooLong,
  tooMany,
  type Position,
  type Read,
} from './reading.ts'

/** A value, with the offset where it begins (and where its name does), and its parts. */
interface Part {
  readonly at: number
  readonly key?: number
  readonly value: unknown
  readonly parts?: readonly Part[] | ReadonlyMap<string, Part>
}

/** A reading, with the names of the fields and the numbers of the entries around where it is. */
interface Reading extends Cursor {
  readonly around: (string | number)[]
  readonly problems: Problem[]
  values: number
}

/**
 * Reads JSON, RFC 8259; a key that stands twice is a mistake. It costs about 0.3 s for 100,000 steps: positions are kept
 * as offsets beside the values, and become lines and columns where somebody asks.
 *
 * @throws WORKFLOW_INVALID
 */
export function readJson(text: string, path: string): Read {
  const cursor: Reading = { text, path, place: positionsIn(text), around: [], problems: [], at: 0, values: 0 }
  const root = readPart(cursor)
  if (next(cursor) !== '') throw unexpected(cursor, 'nothing after the end of the value')
  if (cursor.problems.length > 0) throw invalid(path, cursor.problems)
  const at = (pointer: string): Position | undefined => {
    const part = partAt(root, pointer)
    return part && cursor.place(part.at)
  }
  return { value: root.value, at }
}

function partAt(root: Part, pointer: string): Part | undefined {
  let part: Part | undefined = root
  for (const name of pointer.split('/').slice(1)) {
    const { parts }: Part = part
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~')
    part = Array.isArray(parts) ? (parts as readonly Part[])[Number(key)] : (parts as Map<string, Part>)?.get(key)
    if (part === undefined) return undefined
  }
  return part
}

function readPart(cursor: Reading, key?: number): Part {
  const char = next(cursor)
  const { at } = cursor
  cursor.values += 1
  if (cursor.values > MAX_VALUES) throw tooMany(cursor.path, cursor.place(at))
  if (cursor.around.length === MAX_DEPTH && (char === '{' || char === '[')) throw tooDeep(cursor.path, cursor.place(at))
  const named = key === undefined ? { at } : { at, key }
  if (char === '{') return { ...named, ...readObject(cursor) }
  if (char === '[') return { ...named, ...readArray(cursor) }
  return { ...named, value: char === '"' ? readString(cursor) : readLiteral(cursor) }
}

function readArray(cursor: Reading): Pick<Part, 'value' | 'parts'> {
  const parts: Part[] = []
  for (let more = begins(cursor, ']'); more; more = goesOn(cursor, ']')) {
    if (parts.length === MAX_ENTRIES) throw tooLong(cursor.path, cursor.place(cursor.at))
    parts.push(readInside(cursor, parts.length))
  }
  return { value: parts.map(({ value }) => value), parts }
}

function readObject(cursor: Reading): Pick<Part, 'value' | 'parts'> {
  const parts = new Map<string, Part>()
  const value: Record<string, unknown> = {}
  for (let more = begins(cursor, '}'); more; more = goesOn(cursor, '}')) {
    if (parts.size === MAX_ENTRIES) throw tooLong(cursor.path, cursor.place(cursor.at))
    readField(cursor, parts, value)
  }
  return { value, parts }
}

function readInside(cursor: Reading, name: string | number, key?: number): Part {
  cursor.around.push(name)
  const part = readPart(cursor, key)
  cursor.around.pop()
  return part
}

function readField(cursor: Reading, parts: Map<string, Part>, value: Record<string, unknown>): void {
  if (next(cursor) !== '"') throw unexpected(cursor, 'the name of a field in double quotes')
  const key = cursor.at
  const name = readString(cursor)
  if (next(cursor) !== ':') throw unexpected(cursor, '":"')
  cursor.at += 1
  const part = readInside(cursor, name, key)
  const first = parts.get(name)?.key
  const message = keyMistake(name, first === undefined ? undefined : cursor.place(first))
  if (message === undefined) {
    parts.set(name, part)
    value[name] = part.value
  } else cursor.problems.push({ ...cursor.place(key), pointer: pointerOf([...cursor.around, name]), message })
}

/** Goes past the bracket that begins a list or an object; says whether there is something in it. */
function begins(cursor: Reading, end: ']' | '}'): boolean {
  cursor.at += 1
  if (next(cursor) !== end) return true
  cursor.at += 1
  return false
}

/** Goes past what separates two entries, or past the bracket that ends them. */
function goesOn(cursor: Reading, end: ']' | '}'): boolean {
  const char = next(cursor)
  if (char !== ',' && char !== end) throw unexpected(cursor, `"," or "${end}"`)
  cursor.at += 1
  return char === ','
}
