import { NsnetError } from './errors.ts'
import type { Json } from './json.ts'
import { readJson } from './source-json.ts'

/** Says whether a value is of the type that an input has. */
export function isOf(type: string, value: Json): boolean {
  if (type === 'integer') return Number.isInteger(value)
  return type === 'list' ? Array.isArray(value) : typeof value === type
}

/** Reads a value of an input from a text; undefined when it is none. A list is JSON, or texts with commas between them. */
export function fromText(text: string, type: string): Json | undefined {
  if (type === 'string') return text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  if (type === 'list') return /^\s*\[/.test(text) ? fromJson(text) : text === '' ? [] : text.split(',')
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Reads JSON within the limits that files have. */
function fromJson(text: string): Json | undefined {
  try {
    return readJson(text, '').value as Json
  } catch (error) {
    if (error instanceof NsnetError) return undefined
    throw error
  }
}
