/** Plain JSON: what journals hold and states are made of. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** An object of JSON. */
export type JsonObject = { readonly [key: string]: Json }

export function isObject(value: Json): value is JsonObject
export function isObject(value: unknown): value is { readonly [field: string]: unknown }
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Says whether two JSON values are the same; the order of an object's keys does not count, that of a list does. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) return equalLists(a, b)
  const left = Object.entries(a)
  return left.length === Object.keys(b).length && left.every(([key, value]) => key in b && equal(value, field(b, key)))
}

function equalLists(a: Json, b: Json): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return false
  return a.length === b.length && a.every((value, at) => equal(value, b[at]))
}

function field(object: Json, key: string): Json | undefined {
  return (object as JsonObject)[key]
}
