import { equal, isList, isObject, type Json, type JsonObject } from './json.ts'
import { pointerOf } from './problems.ts'

/** Where two JSON values differ; what is not there is undefined. */
export interface Difference {
  /** JSON pointer, RFC 6901; into `found` where the place is there, else into `expected`. */
  readonly pointer: string
  readonly expected: Json | undefined
  readonly found: Json | undefined
}

/**
 * Lists where two JSON values differ, as deep inside as it can be told. Items that both lists have are left out wherever
 * they stand; lists of the same items in another order differ as a whole.
 */
export function differences(expected: Json, found: Json, path: readonly PropertyKey[] = []): readonly Difference[] {
  if (equal(expected, found)) return []
  if (isList(expected) && isList(found)) return listDifferences(expected, found, path)
  if (isObject(expected) && isObject(found)) return fieldDifferences(expected, found, path)
  return [{ pointer: pointerOf(path), expected, found }]
}

/** Writes a difference on one line: `/host/links/2/mtu: expected 1500, found 1400`. */
export const tell = ({ pointer, expected, found }: Difference): string =>
  `${pointer === '' ? '/' : pointer}: expected ${inShort(expected)}, found ${inShort(found)}`

/** How many characters of a value are told: the whole value may be a netns. */
const LONGEST = 240

function inShort(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

function fieldDifferences(
  expected: JsonObject,
  found: JsonObject,
  path: readonly PropertyKey[],
): readonly Difference[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(found)])]
  return keys.flatMap((key) => {
    const [was, is] = [expected, found].map((fields) => (Object.hasOwn(fields, key) ? fields[key]! : undefined))
    return between(was, is, [...path, key])
  })
}

function listDifferences(expected: readonly Json[], found: readonly Json[], path: readonly PropertyKey[]) {
  const [missing, added] = [without(expected, found), without(found, expected)]
  if (missing.length === 0 && added.length === 0) return [{ pointer: pointerOf(path), expected, found }]
  const pairs = Array.from({ length: Math.max(missing.length, added.length) }, (_, at) => [missing[at], added[at]])
  return pairs.flatMap(([was, is]) => between(was?.item, is?.item, [...path, (is ?? was)!.index]))
}

function between(was: Json | undefined, is: Json | undefined, path: readonly PropertyKey[]): readonly Difference[] {
  if (was !== undefined && is !== undefined) return differences(was, is, path)
  return was === is ? [] : [{ pointer: pointerOf(path), expected: was, found: is }]
}

interface Item {
  readonly item: Json
  readonly index: number
}

/** Lists the items of one list that another does not have as often. */
function without(list: readonly Json[], others: readonly Json[]): readonly Item[] {
  const left = new Map<string, number>()
  for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1)
  return list.flatMap((item, index) => {
    const count = left.get(keyOf(item)) ?? 0
    left.set(keyOf(item), count - 1)
    return count > 0 ? [] : [{ item, index }]
  })
}

const keyOf = (item: Json): string => JSON.stringify(item)
