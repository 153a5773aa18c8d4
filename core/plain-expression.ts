import type { Scope } from './expression-values.ts'
import { addressOf, cidrhost } from './host-number.ts'
import type { Json } from './json.ts'

/** What is read of an expression without the language around it. */
export interface PlainExpression {
  readonly references: readonly (readonly string[])[]
  /** The value, where it is a plain one and all is as it should be. */
  readonly evaluate: (scope: Scope) => string | number | boolean | undefined
}

/**
 * Reads the expressions that nearly all workflows do with: `inputs.NAME`, `host.NAME`, `steps.ID.outputs.NAME`, and
 * `address(inputs.NAME, 1)` or `cidrhost(inputs.NAME, 1)`. They need no CEL, whose package takes 5 ms to load; it decides
 * about everything else, and says what is wrong.
 */
export const plainExpression = (text: string): PlainExpression | undefined => chain(text) ?? call(text)

/** By itself, a reference is nothing that something is made of. */
export const isChain = (text: string): boolean => chainOf(text) !== undefined

function chain(text: string): PlainExpression | undefined {
  const names = chainOf(text)
  return names && { references: [names], evaluate: (scope) => plainValue(read(scope, names)) }
}

function call(text: string): PlainExpression | undefined {
  const [, name, argument = '', n = ''] = /^(address|cidrhost)\( *([\w.]+) *, *(-?\d{1,9}) *\)$/.exec(text) ?? []
  const names = chainOf(argument)
  if (name === undefined || names === undefined) return undefined
  const make = name === 'address' ? addressOf : cidrhost
  return {
    references: [names],
    evaluate(scope) {
      const prefix = read(scope, names)
      try {
        return typeof prefix === 'string' ? make(prefix, BigInt(n)) : undefined
      } catch {
        return undefined
      }
    },
  }
}

function chainOf(text: string): readonly string[] | undefined {
  const names = text.split('.')
  const isPath = /^(inputs|host)\.\w+$|^steps\.\w+\.outputs\.\w+$/.test(text)
  return isPath && names.every((name) => /^[A-Za-z_]/.test(name) && !RESERVED.has(name)) ? names : undefined
}

/** Words that CEL keeps for itself. @see https://github.com/google/cel-spec/blob/master/doc/langdef.md */
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
)

function read({ inputs, host, steps }: Scope, [root, name = '', , output = '']: readonly string[]): Json | undefined {
  const values = root === 'steps' ? steps(name) : root === 'host' ? host : inputs
  const key = root === 'steps' ? output : name
  return values && Object.hasOwn(values, key) ? values[key] : undefined
}

/** Numbers and texts that CEL takes without a second look. */
function plainValue(value: Json | undefined): string | number | boolean | undefined {
  if (typeof value === 'string') return value.length <= 1000 ? value : undefined
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  return typeof value === 'boolean' ? value : undefined
}
