import { withArticle } from './counted.ts'
import { didYouMean } from './near.ts'
import { ENOUGH, got, listed, type Hint } from './problems.ts'
import type { Issue, Schema } from './schema.ts'

/** A mistake in a value, in words: `expected …, got …`. */
export interface Mistake {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly hint?: Hint
}

/** What zod says of a mistake beyond Standard Schema; other validators say nothing of it. */
interface ZodIssue extends Issue {
  readonly code?: string
  readonly expected?: string
  readonly minimum?: number | bigint
  readonly maximum?: number | bigint
  readonly origin?: string
  readonly values?: readonly unknown[]
  readonly keys?: readonly string[]
  readonly inclusive?: boolean
  readonly exact?: boolean
  readonly format?: string
  readonly pattern?: string
  readonly prefix?: string
  readonly suffix?: string
  readonly includes?: string
  readonly divisor?: number
  /** What is wrong with a key. */
  readonly issues?: readonly ZodIssue[]
  readonly errors?: readonly (readonly ZodIssue[])[]
}

/** Says what is wrong with a value, after what its schema found: so many mistakes as are looked for. */
export function mistakesOf(issues: readonly Issue[], value: unknown, schema: Schema<unknown>): readonly Mistake[] {
  const found = issues.slice(0, ENOUGH).flatMap((issue) => mistakesFrom(issue, [], value, schema))
  return found.slice(0, ENOUGH)
}

function mistakesFrom(
  issue: ZodIssue,
  above: readonly PropertyKey[],
  value: unknown,
  schema: Schema<unknown>,
): readonly Mistake[] {
  const path = [...above, ...(issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))]
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).slice(0, ENOUGH).map((key) => unknownField(key, path, schema))
  if (issue.code === 'invalid_key') return [badKey(issue, path)]
  // a union that says itself what it expects knows better
  const guessed = issue.code === 'invalid_union' && !issue.message.startsWith('expected')
  const branch = guessed ? likeliest(issue.errors ?? []) : undefined
  if (branch) return branch.flatMap((inner) => mistakesFrom(inner, path, value, schema))
  const found = path.reduce<unknown>((it, key) => (it as Record<PropertyKey, unknown> | null | undefined)?.[key], value)
  const expected = expectation(issue)
  if (found === undefined && path.length > 0) {
    const what = expected.replace(/^expected /, '')
    return [{ path, message: `expected a field "${String(path.at(-1))}" (${what}), got nothing` }]
  }
  const range = issue.code === 'invalid_type' ? rangeAt(schema, path) : undefined
  return [{ path, message: against(range ?? expected, found), hint: nearValue(issue, found) }]
}

function unknownField(key: string, path: readonly PropertyKey[], schema: Schema<unknown>): Mistake {
  const hint = (): string | undefined => {
    const fields = fieldsOf(schema, path)
    const inWith = fields.includes('with') ? '; those of a step type stand in "with"' : ''
    return (
      didYouMean(key, fields) ?? (fields.length === 0 ? undefined : `the fields here are ${listed(fields)}${inWith}`)
    )
  }
  return { path: [...path, key], message: `expected a known field, got "${key}"`, hint }
}

/** Tells what is wrong with a key: in the words of its schema, where that has some. */
function badKey(issue: ZodIssue, path: readonly PropertyKey[]): Mistake {
  const telling = issue.message.startsWith('expected') ? issue : issue.issues?.[0]
  return { path, message: against(telling ? expectation(telling) : 'expected another name', path.at(-1)) }
}

/** Puts what came behind what was expected; a schema may have other words. */
const against = (expected: string, found: unknown): string =>
  expected.startsWith('expected') ? `${expected}, got ${got(found)}` : expected

/** Of the alternatives that a value could have been meant as, the one with the fewest mistakes. */
function likeliest(errors: readonly (readonly ZodIssue[])[]): readonly ZodIssue[] | undefined {
  const wrongType = (issues: readonly ZodIssue[]): boolean =>
    issues.some(({ code, path = [] }) => code === 'invalid_type' && path.length === 0)
  const meant = errors.filter((issues) => !wrongType(issues))
  return (meant.length === 1 || errors.length === 1 ? meant : meant.toSorted((a, b) => a.length - b.length))[0]
}

function expectation(issue: ZodIssue): string {
  const { code, expected, message, minimum, maximum, inclusive, exact, origin, values, errors } = issue
  if (message.startsWith('expected')) return message
  const many = origin === 'string' ? ' characters' : origin === 'array' ? ' items' : ''
  if (code === 'invalid_type') return `expected ${withArticle(kinds[expected ?? ''] ?? expected ?? 'value')}`
  if (exact === true) return `expected exactly ${minimum ?? maximum}${many}`
  if (code === 'too_small') return `expected ${inclusive === false ? 'more than' : 'at least'} ${minimum}${many}`
  if (code === 'too_big') return `expected ${inclusive === false ? 'less than' : 'at most'} ${maximum}${many}`
  if (code === 'invalid_value') return `expected ${(values ?? []).map((value) => JSON.stringify(value)).join(' or ')}`
  if (code === 'invalid_union') return `expected ${[...new Set((errors ?? []).flat().map(kindOf))].join(' or ')}`
  return message.startsWith('Invalid ') ? (form(issue) ?? message) : message
}

/** What zod names otherwise. */
const kinds: { readonly [expected: string]: string } = { int: 'integer', record: 'object' }

const nearValue = ({ code, values = [] }: ZodIssue, found: unknown): string | undefined =>
  code === 'invalid_value' && typeof found === 'string' ? didYouMean(found, values.map(String)) : undefined

/** Says what form a text or number has to have, where a schema of zod has no words of its own for it. */
function form({ code, format, pattern, prefix, suffix, includes, divisor }: ZodIssue): string | undefined {
  if (code === 'custom') return 'expected another value'
  if (code === 'not_multiple_of') return `expected a multiple of ${divisor}`
  if (code !== 'invalid_format') return undefined
  if (prefix !== undefined) return `expected a text that begins with ${got(prefix)}`
  if (suffix !== undefined) return `expected a text that ends with ${got(suffix)}`
  if (includes !== undefined) return `expected a text with ${got(includes)} in it`
  return format === 'regex' ? `expected a text that matches ${pattern}` : `expected a text of the form "${format}"`
}

const kindOf = (issue: ZodIssue): string => expectation(issue).replace(/^expected /, '')

interface ZodLike {
  readonly shape?: { readonly [key: string]: ZodLike }
  readonly isInt?: boolean
  readonly minValue?: number | null
  readonly maxValue?: number | null
  readonly def?: { readonly innerType?: ZodLike; readonly in?: ZodLike; readonly options?: readonly ZodLike[] }
}

/** Lists the fields that a zod schema knows at a path; empty for other validators. */
function fieldsOf(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  const { shape, def } = schema as ZodLike
  if (shape) return path.length === 0 ? Object.keys(shape) : fieldsOf(shape[String(path[0])] ?? {}, path.slice(1))
  if (def?.options) return [...new Set(def.options.flatMap((option) => fieldsOf(option, path)))]
  const inner = def?.innerType ?? def?.in
  return inner ? fieldsOf(inner, path) : []
}

/** Says which numbers a zod schema takes at a path, where it has a least and a greatest one. */
function rangeAt(schema: unknown, path: readonly PropertyKey[]): string | undefined {
  const { shape, def, isInt, minValue, maxValue } = schema as ZodLike
  if (shape) return path.length === 0 ? undefined : rangeAt(shape[String(path[0])] ?? {}, path.slice(1))
  const inner = def?.innerType ?? def?.in
  if (inner) return rangeAt(inner, path)
  if (path.length > 0 || typeof minValue !== 'number' || typeof maxValue !== 'number') return undefined
  if (!Number.isFinite(minValue) || !Number.isFinite(maxValue)) return undefined
  return `expected ${withArticle(isInt === true ? 'integer' : 'number')} from ${minValue} to ${maxValue}`
}
