import { Environment } from '@marcbachmann/cel-js'
import { asCel, asJson, celMap } from './cel-value.ts'
import { expectBounded, isNode, limits, MAX_TEXT, type Node } from './expression-limits.ts'
import { addressOf, cidrhost, cidrsubnet } from './host-number.ts'
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
 * Reads a text with `${{ … }}` in it; `$${{` stands for the literal characters `${{`. Expressions are CEL without what
 * loops, so that each takes less than a millisecond; nothing in them reaches beyond the values given. A text has at most
 * 65,536 characters, an expression 200 parts.
 *
 * @throws ExpressionError
 * @see https://cel.dev
 */
export function parseTemplate(text: string): Template {
  if (text.length > MAX_TEXT) throw tooLong(text.length)
  const parts = Array.from(piecesOf(text), partOf)
  const expressions = parts.filter((part) => typeof part !== 'string')
  return {
    references: expressions.flatMap(({ references }) => references),
    used: expressions.flatMap(({ used }) => used),
    evaluate: (scope) => {
      const [only] = parts
      if (parts.length === 1 && typeof only === 'object') return only.evaluate(scope)
      return parts.reduce<string>((before, part) => extended(before, part, scope), '')
    },
  }
}

function extended(before: string, part: string | Template, scope: Scope): string {
  const text = before + (typeof part === 'string' ? part : asText(part.evaluate(scope)))
  if (text.length > MAX_TEXT) throw tooLong(text.length)
  return text
}

const tooLong = (length: number): ExpressionError =>
  new ExpressionError(`expected a text with expressions to have at most ${MAX_TEXT} characters, got ${length}`)

function partOf(piece: Piece): string | Template {
  if ('literal' in piece) return piece.literal
  if (piece.expression === undefined) throw new ExpressionError('expected "}}" after "${{", got none')
  return parseExpression(piece.expression.trim())
}

function parseExpression(text: string): Template {
  if (text === '') throw new ExpressionError('expected an expression between "${{" and "}}", got nothing')
  const compiled = plainly(text, () => environment.parse(text))
  plainly(text, () => expectBounded(compiled.ast))
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
  const outputs = (id: string): unknown => celMap([['outputs', asCel(steps(id) ?? {})]])
  return {
    inputs: picked(inputs, named('inputs')),
    host: picked(host, named('host')),
    steps: celMap(named('steps').map((id) => [id, outputs(id)])),
  }
}

function picked(values: { readonly [name: string]: Json }, names: readonly string[]): unknown {
  return celMap(names.filter((name) => Object.hasOwn(values, name)).map((name) => [name, asCel(values[name]!)]))
}

const variables = ['inputs', 'host', 'steps']

const environment = variables
  .reduce((it, name) => it.registerVariable(name, 'map'), new Environment({ limits }))
  .registerFunction('cidrhost(string, int): string', cidrhost)
  .registerFunction('cidrsubnet(string, int, int): string', cidrsubnet)
  .registerFunction('address(string, int): string', addressOf)

/** Walks an expression for the longest chains of names that begin with a variable. */
function referencesIn(node: unknown): readonly Reference[] {
  if (Array.isArray(node)) return node.flatMap(referencesIn)
  if (!isNode(node)) return []
  const chain = chainOf(node)
  if (chain === undefined) return referencesIn(node.args)
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

const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
