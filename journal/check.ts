import { isObject } from '../core/json.ts'
import { got, pointerOf } from '../core/problems.ts'

/**
 * Looks at a value that comes from a file; says what is wrong with it first, undefined when nothing is. What is right costs no
 * memory: journals have tens of thousands of lines.
 */
export type Check = (value: unknown) => Wrong | undefined

/** What is wrong: the names of the fields that lead to it, from the inside out, and what was expected there. */
export interface Wrong {
  readonly names: string[]
  readonly expected: string
  readonly value: unknown
}

/** Expects what `is` says yes to, in words: `a string`. */
export const check =
  (expected: string, is: (value: unknown) => boolean): Check =>
  (value) =>
    is(value) ? undefined : { names: [], expected, value }

export const text = check('a string', (value) => typeof value === 'string')

/** Expects a number that JSON can write. */
export const number = check('a number', Number.isFinite)

export const present = check('a value', (value) => value !== undefined)

/** Expects an object, whatever is in it. */
export const fields = check('an object', isObject)

/** Expects one of these words. */
export const anyOf = (...words: readonly string[]): Check =>
  check(words.map((word) => JSON.stringify(word)).join(' or '), (value) => words.includes(value as string))

export const matching = (pattern: RegExp, expected: string): Check =>
  check(expected, (value) => typeof value === 'string' && pattern.test(value))

/** Expects what `inner` does, or nothing. */
export const optional =
  (inner: Check): Check =>
  (value) =>
    value === undefined ? undefined : inner(value)

/** Expects a list of so many items or more (0 when absent), and of each what `item` expects. */
export function list(item: Check, least?: number): Check {
  const array = check('an array', Array.isArray)
  const enough = check(`at least ${least} items`, (value) => (value as readonly unknown[]).length >= (least ?? 0))
  return (value) => {
    const wrong = array(value) ?? enough(value)
    if (wrong) return wrong
    const items = value as readonly unknown[]
    for (let at = 0; at < items.length; at++) {
      const inside = item(items[at])
      if (inside) return within(inside, `${at}`)
    }
    return undefined
  }
}

/** Expects an object with these fields, in which others may be too. */
export function object(shape: { readonly [name: string]: Check }): Check {
  const all = Object.entries(shape)
  return (value) => {
    const wrong = fields(value)
    if (wrong) return wrong
    for (const [name, inner] of all) {
      const inside = inner((value as Fields)[name])
      if (inside) return within(inside, name)
    }
    return undefined
  }
}

/** Expects an object, and of each of its fields what `inner` expects. */
export const record =
  (inner: Check): Check =>
  (value) => {
    const wrong = fields(value)
    if (wrong) return wrong
    for (const name of Object.keys(value as Fields)) {
      const inside = inner((value as Fields)[name])
      if (inside) return within(inside, name)
    }
    return undefined
  }

interface Fields {
  readonly [name: string]: unknown
}

function within(wrong: Wrong, name: string): Wrong {
  wrong.names.push(name)
  return wrong
}

/** Says what is wrong, and where: `/event/steps: expected an array, got 7`. */
export function told({ names, expected, value }: Wrong): string {
  const what =
    value === undefined ? `a field "${names[0]}" (${expected}), got nothing` : `${expected}, got ${got(value)}`
  return `${pointerOf(names.toReversed())}: expected ${what}`
}
