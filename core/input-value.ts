import { runInNewContext } from 'node:vm'
import { z } from 'zod'
import { withArticle } from './counted.ts'
import { NsnetError } from './errors.ts'
import type { Json } from './json.ts'
import { didYouMean } from './near.ts'
import { address, hostAddress, linkName, netnsName, prefix } from './net.ts'
import { got, listed, type Hint } from './problems.ts'
import { readJson } from './source-json.ts'
import type { InputSpec } from './workflow-format.ts'

/** What is wrong with a value of an input, and what to do about it. */
export interface ValueMistake {
  readonly message: string
  readonly hint?: Hint
}

/** Says what is wrong with a value of an input; undefined when it is as its type, bounds and pattern ask for. */
export function mistakeInValue(spec: InputSpec, value: Json): ValueMistake | undefined {
  const { type = 'string', values = [] } = spec ?? {}
  if (!isOf(type, value)) return { message: `expected ${withArticle(type)}, got ${got(value)}` }
  const { success, error } = nouns[type]?.safeParse(value) ?? { success: true }
  if (!success) return { message: `${error?.issues[0]?.message}, got ${got(value)}` }
  if (type === 'enum' && !values.includes(value as string))
    return {
      message: `expected one of ${listed(values)}, got ${got(value)}`,
      hint: () => didYouMean(value as string, values),
    }
  return outOfBounds(spec, value) ?? mismatch(spec, value)
}

/** Says whether a value is of the kind that an input's type has. */
function isOf(type: string, value: Json): boolean {
  if (type === 'integer') return Number.isInteger(value)
  return type === 'list' ? Array.isArray(value) : typeof value === (type === 'boolean' ? type : 'string')
}

const nouns: { readonly [type: string]: z.ZodType } = {
  address: z.union([address, hostAddress], 'expected an address, such as "10.0.0.1" or "10.0.0.1/24"'),
  prefix,
  link: linkName,
  netns: netnsName,
}

function outOfBounds(spec: InputSpec, value: Json): ValueMistake | undefined {
  const { min = -Infinity, max = Infinity, secret = false } = spec ?? {}
  if (min === -Infinity && max === Infinity) return undefined
  const size = typeof value === 'number' ? value : (value as string).length
  if (size >= min && size <= max) return undefined
  const what =
    typeof value === 'number' ? 'an integer' : Array.isArray(value) ? 'a list with a length' : 'a text with a length'
  const range =
    max === Infinity ? `of at least ${min}` : min === -Infinity ? `of at most ${max}` : `from ${min} to ${max}`
  return { message: `expected ${what} ${range}, got ${secret ? 'another one' : size}` }
}

/** How long a pattern may be tried, in milliseconds: there are some that never end. */
const PATTERN_MS = 100

function mismatch(spec: InputSpec, value: Json): ValueMistake | undefined {
  const { pattern, secret } = spec ?? {}
  if (pattern === undefined || matches(pattern, value as string)) return undefined
  return { message: `expected a text that matches ${pattern}, got ${secret ? 'another one' : got(value)}` }
}

function matches(pattern: string, text: string): boolean {
  try {
    return (
      runInNewContext('new RegExp(`^(?:${pattern})$`, "u").test(text)', { pattern, text }, { timeout: PATTERN_MS }) ===
      true
    )
  } catch (error) {
    // a pattern that is none is told of where it stands
    return (error as Error).name === 'SyntaxError'
  }
}

/** Reads a value of an input from a text; undefined when it is none. A list is JSON, or texts with commas between them. */
export function fromText(text: string, type: string): Json | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  if (type === 'list') return /^\s*\[/.test(text) ? fromJson(text) : text === '' ? [] : text.split(',')
  if (type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
  return text
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
