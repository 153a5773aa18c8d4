import type { JsonSchema } from '../../core/input-schema.ts'

/** Says in words what a JSON Schema takes, bounds of numbers included: `integer from 68 to 65535`, `text or list of texts`. */
export function kindOf(schema: JsonSchema): string {
  const { type, const: only, enum: words, anyOf, oneOf, items } = schema
  if (only !== undefined) return JSON.stringify(only)
  if (Array.isArray(words)) return words.map((word) => JSON.stringify(word)).join(' or ')
  const alternatives = anyOf ?? oneOf
  if (Array.isArray(alternatives)) return [...new Set((alternatives as JsonSchema[]).map(kindOf))].join(' or ')
  if (type === 'array') return `list of ${plural(kindOf((items ?? {}) as JsonSchema))}`
  if (type === 'integer' || type === 'number') return `${type}${rangeOf(schema)}`
  return names[String(type)] ?? 'any value'
}

const names: { readonly [type: string]: string } = {
  string: 'text',
  boolean: 'true or false',
  object: 'object',
  null: 'null',
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  if (isBound(minimum)) return isBound(maximum) ? ` from ${minimum} to ${maximum}` : ` from ${minimum}`
  return isBound(maximum) ? ` up to ${maximum}` : ''
}

/** A bound that somebody chose: zod gives every integer those of JavaScript. */
const isBound = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) !== Number.MAX_SAFE_INTEGER

const plural = (kind: string): string => (/^(text|integer|number|object)$/.test(kind) ? `${kind}s` : kind)
