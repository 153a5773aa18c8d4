import { childrenOf, finderIn, type Places } from './json-places.ts'
import { next, readLiteral, readString, unexpected, type Cursor } from './json-token.ts'
import { invalid, ENOUGH, pointerOf, type Problem } from './problems.ts'
import { keyMistake, MAX_DEPTH, MAX_ENTRIES, MAX_VALUES, positionsIn } from './reading.ts'
import { tooDeep, tooLong, tooMany, type Position, type Read } from './reading.ts'

/** A text that is being read; `around` are the indexes of the objects and lists that are open. */
interface Reading extends Cursor {
  readonly places: Places
  readonly around: number[]
  readonly problems: Problem[]
}

/**
 * Reads JSON, RFC 8259; a key that stands twice is a mistake. 100,000 steps take about 0.3 s.
 *
 * @throws WORKFLOW_INVALID
 */
export function readJson(text: string, path: string): Read {
  const places = { starts: [], afters: [], names: [], nameStarts: [] }
  const reading: Reading = { text, path, place: positionsIn(text), at: 0, places, around: [], problems: [] }
  const value = readValue(reading, '')
  if (next(reading) !== '') throw unexpected(reading, 'nothing after its end')
  if (reading.problems.length > 0) throw invalid(path, reading.problems)
  const find = finderIn(places)
  const at = (pointer: string): Position | undefined => {
    const index = find(pointer)
    return index === undefined ? undefined : reading.place(reading.places.starts[index]!)
  }
  return { value, at }
}

function readValue(reading: Reading, name: string | number, nameStart?: number): unknown {
  const char = next(reading)
  const { places, path, place, at } = reading
  const index = places.starts.length
  if (index === MAX_VALUES) throw tooMany(path, place(at))
  places.starts.push(at)
  places.names.push(name)
  places.nameStarts.push(nameStart ?? at)
  places.afters.push(0)
  const value = char === '{' || char === '[' ? readInside(reading, index, char) : readSingle(reading, char)
  places.afters[index] = places.starts.length
  return value
}

const readSingle = (reading: Reading, char: string): unknown =>
  char === '"' ? readString(reading) : readLiteral(reading)

function readInside(reading: Reading, index: number, char: '{' | '['): unknown {
  if (reading.around.length === MAX_DEPTH) throw tooDeep(reading.path, reading.place(reading.at))
  reading.around.push(index)
  const value = char === '{' ? readObject(reading) : readList(reading)
  reading.around.pop()
  return value
}

function readList(reading: Reading): readonly unknown[] {
  const list: unknown[] = []
  for (let more = begins(reading, ']'); more; more = goesOn(reading, ']')) {
    if (list.length === MAX_ENTRIES) throw tooLong(reading.path, reading.place(reading.at))
    list.push(readValue(reading, list.length))
  }
  return list
}

function readObject(reading: Reading): { readonly [name: string]: unknown } {
  const object: Record<string, unknown> = {}
  let count = 0
  for (let more = begins(reading, '}'); more; more = goesOn(reading, '}')) {
    if (count === MAX_ENTRIES) throw tooLong(reading.path, reading.place(reading.at))
    if (next(reading) !== '"') throw unexpected(reading, 'the name of a field in double quotes')
    count += 1
    readField(reading, object)
  }
  return object
}

function readField(reading: Reading, object: Record<string, unknown>): void {
  const start = reading.at
  const name = readString(reading)
  if (next(reading) !== ':') throw unexpected(reading, '":"')
  reading.at += 1
  const message = keyMistake(name, Object.hasOwn(object, name) ? firstOf(reading, name) : undefined)
  const value = readValue(reading, name, start)
  if (message === undefined) object[name] = value
  else reading.problems.push({ ...reading.place(start), pointer: pointerTo(reading, name), message })
  if (reading.problems.length === ENOUGH) throw invalid(reading.path, reading.problems)
}

/** Finds where a field stood before in the object that is open. */
function firstOf({ places, around, place }: Reading, name: string): Position {
  const first = childrenOf(places, around.at(-1)!).find((child) => places.names[child] === name)!
  return place(places.nameStarts[first]!)
}

const pointerTo = ({ places, around }: Reading, name: string): string =>
  pointerOf([...around.slice(1).map((index) => places.names[index]!), name])

/** Goes past the bracket that begins a list or an object; says whether there is something in it. */
function begins(reading: Reading, end: ']' | '}'): boolean {
  reading.at += 1
  if (next(reading) !== end) return true
  reading.at += 1
  return false
}

/** Goes past what separates two entries, or past the bracket that ends them. */
function goesOn(reading: Reading, end: ']' | '}'): boolean {
  const char = next(reading)
  if (char !== ',' && char !== end) throw unexpected(reading, `"," or "${end}"`)
  reading.at += 1
  return char === ','
}
