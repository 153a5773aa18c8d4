import { Environment } from '@marcbachmann/cel-js'
import { addressOf, cidrhost } from './host-number.ts'
import type { Json } from './json.ts'
import { piecesOf, type Piece } from './template-text.ts'

/** What expressions read. */
export interface Scope {
  readonly inputs: { readonly [name: string]: Json }
  readonly host: { readonly [name: string]: Json }
  /** Outputs of a step that holds. */
  readonly steps: (id: string) => { readonly [name: string]: Json } | undefined
}

/** A name that an expression reads: `inputs.uplink` is `['inputs', 'uplink']`. */
export type Reference = readonly string[]

/** A text with expressions in it. */
export interface Template {
  readonly references: readonly Reference[]
  /** Those of the references that something is made of: all but those that are an expression by themselves. */
  readonly used: readonly Reference[]
  /** Fills the expressions in. A text that is one expression keeps its type. @throws ExpressionError */
  readonly evaluate: (scope: Scope) => Json
}

/** An expression that cannot be understood or evaluated; the message says why in plain words. */
export class ExpressionError extends Error {}

/** Says whether a text has expressions, or the escaped beginning of one. */
export const hasExpression = (text: string): boolean => text.includes('${{')

/**
 * Reads a text with `${{ … }}` in it; `$${{` stands for the literal characters `${{`. Expressions are CEL, in which
 * nothing loops without end or reaches beyond the values given.
 *
 * @throws ExpressionError
 * @see https://cel.dev
 */
export function parseTemplate(text: string): Template {
  const parts = Array.from(piecesOf(text), partOf)
  const expressions = parts.filter((part) => typeof part !== 'string')
  return {
    references: expressions.flatMap(({ references }) => references),
    used: expressions.flatMap(({ used }) => used),
    evaluate: (scope) => {
      const [only] = parts
      if (parts.length === 1 && typeof only === 'object') return only.evaluate(scope)
      return parts.map((part) => (typeof part === 'string' ? part : asText(part.evaluate(scope)))).join('')
    },
  }
}

function partOf(piece: Piece): string | Template {
  if ('literal' in piece) return piece.literal
  if (piece.expression === undefined) throw new ExpressionError('expected "}}" after "${{", got none')
  return parseExpression(piece.expression.trim())
}

function parseExpression(text: string): Template {
  if (text === '') throw new ExpressionError('expected an expression between "${{" and "}}", got nothing')
  const compiled = plainly(text, () => environment.parse(text))
  const checked = compiled.check()
  if (!checked.valid) throw mistakeIn(text, checked.error)
  const references = referencesIn(compiled.ast)
  const used = chainOf(compiled.ast as Node) === undefined ? references : []
  return { references, used, evaluate: (scope) => plainly(text, () => asJson(compiled(valuesOf(scope, references)))) }
}

/** Gives an expression what it reads and nothing else, integers as CEL has them. */
function valuesOf({ inputs, host, steps }: Scope, references: readonly Reference[]): Record<string, unknown> {
  const named = (root: string): readonly string[] =>
    references.flatMap(([first, key]) => (first === root && key !== undefined ? [key] : []))
  const outputs = named('steps').map((id) => [id, { outputs: asCel(steps(id) ?? {}) }])
  return {
    inputs: asCel(picked(inputs, named('inputs'))),
    host: asCel(picked(host, named('host'))),
    steps: Object.fromEntries(outputs),
  }
}

function picked(values: { readonly [name: string]: Json }, names: readonly string[]): Json {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(values, name)).map((name) => [name, values[name]!]))
}

function asCel(value: Json): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(asCel)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asCel(item as Json)]))
}

const variables = ['inputs', 'host', 'steps']

const environment = variables
  .reduce(
    (it, name) => it.registerVariable(name, 'map'),
    new Environment({ limits: { maxAstNodes: 1000, maxDepth: 50 } }),
  )
  .registerFunction('cidrhost(string, int): string', cidrhost)
  .registerFunction('address(string, int): string', addressOf)

interface Node {
  readonly op: string
  readonly args: unknown
}

/** Walks an expression for the longest chains of names that begin with a variable; a macro's own names are none. */
function referencesIn(node: unknown): readonly Reference[] {
  if (Array.isArray(node)) return node.flatMap(referencesIn)
  if (typeof node !== 'object' || node === null || !('op' in node)) return []
  const chain = chainOf(node as Node)
  if (chain === undefined) return referencesIn((node as Node).args)
  return variables.includes(chain[0]!) ? [chain] : []
}

function chainOf({ op, args }: Node): Reference | undefined {
  if (op === 'id') return [String(args)]
  if (op !== '.' && op !== '[]') return undefined
  const [object, key] = args as readonly [Node, unknown]
  const name = typeof key === 'string' ? key : literalOf(key)
  const chain = chainOf(object)
  return chain && name !== undefined ? [...chain, name] : undefined
}

function literalOf(key: unknown): string | undefined {
  const { op, args } = key as Node
  return op === 'value' && typeof args === 'string' ? args : undefined
}

function plainly<T>(text: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw mistakeIn(text, error)
  }
}

function mistakeIn(text: string, error: unknown): ExpressionError {
  const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
  const shown = text.length > 100 ? `${text.slice(0, 97)}…` : text
  return new ExpressionError(`\${{ ${shown} }}: ${inPlainWords(reason!)}`, { cause: error })
}

function inPlainWords(reason: string): string {
  return reason
    .replace(/^Unexpected token: /, 'expected a value, got ')
    .replace(/^Expected (\w+), got/, 'expected $1, got')
    .replace(/^found no matching overload for '(.*)'$/, 'expected a function that takes this, got $1')
    .replace(/^no such overload: /, 'expected values that go together, got ')
    .replace(/dyn<(\w+)>/g, '$1')
    .replace(/\b(?:IDENTIFIER|EOF|[LR](?:BRACE|BRACKET|PAREN))\b/g, (token) => tokens[token]!)
}

/** The parser's names of tokens, as people know them. */
const tokens: { readonly [name: string]: string } = {
  IDENTIFIER: 'a name',
  EOF: 'the end',
  LBRACE: '"{"',
  RBRACE: '"}"',
  LBRACKET: '"["',
  RBRACKET: '"]"',
  LPAREN: '"("',
  RPAREN: '")"',
}

function asJson(value: unknown): Json {
  if (typeof value === 'bigint') return asNumber(value)
  if (typeof value === 'number') return finite(value)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (Array.isArray(value)) return value.map(asJson)
  if (value instanceof Map) return asJson(Object.fromEntries(value as Map<string, unknown>))
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new Error(`expected a text, a number, a boolean, a list or a map, got a ${kindOf(value)}`)
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]))
}

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

const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
