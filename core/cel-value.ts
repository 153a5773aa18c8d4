import { withArticle } from './counted.ts'
import { expectShort } from './expression-limits.ts'
import type { Json } from './json.ts'

/**
 * Gives a value the form that CEL knows: integers are big, and objects are maps, so that a field may be named `constructor`.
 *
 * @throws Error when a text is too long
 */
export function asCel(value: Json): unknown {
  if (typeof value === 'string') expectShort(value)
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  const found = known.get(value) ?? partsAsCel(value)
  known.set(value, found)
  return found
}

/** Lists and objects that were asked for before: a list that each of many steps reads an entry of is gone through once. */
const known = new WeakMap<object, unknown>()

const partsAsCel = (value: readonly Json[] | { readonly [key: string]: Json }): unknown =>
  Array.isArray(value) ? value.map(asCel) : celMap(Object.entries(value).map(([key, item]) => [key, asCel(item)]))

/** Makes a map of CEL. */
export const celMap = (entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, unknown> =>
  new Map(entries)

/** Gives what an expression came to the form of JSON. @throws Error when it has none or is too long */
export function asJson(value: unknown): Json {
  if (typeof value === 'bigint') return asNumber(value)
  if (typeof value === 'number') return finite(value)
  if (typeof value === 'string' || Array.isArray(value)) expectShort(value)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (Array.isArray(value)) return value.map(asJson)
  if (value instanceof Map) return fields([...(value as Map<unknown, unknown>)])
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return fields(Object.entries(value))
  throw new Error(`expected a text, a number, a boolean, a list or a map, got ${withArticle(kindOf(value))}`)
}

const fields = (entries: readonly (readonly [unknown, unknown])[]): Json =>
  Object.fromEntries(entries.map(([key, item]) => [String(key), asJson(item)]))

function asNumber(value: bigint): number {
  if (Number.isSafeInteger(Number(value))) return Number(value)
  throw new Error(`expected an integer of up to 53 bits, got ${value}`)
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value
  throw new Error(`expected a finite number, got ${value}`)
}

const kindOf = (value: unknown): string =>
  ((value as { readonly constructor?: { readonly name?: string } } | undefined)?.constructor?.name ?? typeof value)
    .replace('Date', 'timestamp')
    .replace('Uint8Array', 'byte string')
