import type { Json } from './json.ts'

/** What a value takes beside its characters, in bytes: about what the runtime needs for it. */
const VALUE = 32

/** Tells roughly how many bytes a value takes. */
export function weightOf(value: Json): number {
  if (typeof value === 'string') return VALUE + value.length
  if (typeof value !== 'object' || value === null) return VALUE
  let weight = VALUE
  for (const item of Object.values(value) as readonly Json[]) weight += weightOf(item)
  return weight
}
