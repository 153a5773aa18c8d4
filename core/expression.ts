import { Environment } from '@marcbachmann/cel-js'
import { Address4, Address6 } from 'ip-address'
import type { Json } from './json.ts'

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
  const parts = [...text.matchAll(/\$\$\{\{|\$\{\{(.*?)\}\}|\$\{\{|(?:(?!\$?\$\{\{).)+/gs)].map(partOf)
  const expressions = parts.filter((part) => typeof part !== 'string')
  return {
    references: expressions.flatMap(({ references }) => references),
    evaluate: (scope) => {
      const [only] = parts
      if (parts.length === 1 && typeof only === 'object') return only.evaluate(scope)
      return parts.map((part) => (typeof part === 'string' ? part : asText(part.evaluate(scope)))).join('')
    },
  }
}

function partOf([text, expression]: RegExpMatchArray): string | Template {
  if (text === '$${{') return '${{'
  if (text === '${{') throw new ExpressionError('expected "}}" after "${{", got none')
  return expression === undefined ? text! : parseExpression(expression.trim())
}

function parseExpression(text: string): Template {
  const compiled = plainly(text, () => environment.parse(text))
  const checked = compiled.check()
  if (!checked.valid) throw new ExpressionError(`${quoted(text)}: ${firstLine(checked.error)}`)
  const references = referencesIn(compiled.ast)
  return { references, evaluate: (scope) => plainly(text, () => asJson(compiled(valuesOf(scope, references)))) }
}

/** Gives an expression what it reads: of all steps only those that it names, integers as CEL has them. */
function valuesOf({ inputs, host, steps }: Scope, references: readonly Reference[]): Record<string, unknown> {
  const named = references.flatMap(([root, id]) => (root === 'steps' && id !== undefined ? [id] : []))
  const outputs = named.map((id) => [id, { outputs: asCel(steps(id) ?? {}) }])
  return { inputs: asCel(inputs), host: asCel(host), steps: Object.fromEntries(outputs) }
}

function asCel(value: Json): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(asCel)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asCel(item as Json)]))
}

const environment = new Environment({ limits: { maxAstNodes: 1000, maxDepth: 50 } })
  .registerVariable('inputs', 'map')
  .registerVariable('host', 'map')
  .registerVariable('steps', 'map')
  .registerFunction('cidrhost(string, int): string', (prefix: string, n: bigint) => hostOf(prefix, n))
  .registerFunction(
    'address(string, int): string',
    (prefix: string, n: bigint) => `${hostOf(prefix, n)}/${lengthOf(prefix)}`,
  )

/** Finds host number n of a prefix; negative numbers count from its end. */
function hostOf(prefix: string, n: bigint): string {
  const network = parsePrefix(prefix)
  const [first, last] = [network.startAddress().bigInt(), network.endAddress().bigInt()]
  const host = n < 0n ? last + 1n + n : first + n
  if (host < first || host > last) throw new Error(`prefix ${prefix} has no host number ${n}`)
  return network instanceof Address4 ? Address4.fromBigInt(host).correctForm() : Address6.fromBigInt(host).correctForm()
}

function parsePrefix(prefix: string): Address4 | Address6 {
  const valid = prefix.includes('/') && (Address4.isValid(prefix) || Address6.isValid(prefix))
  if (!valid) throw new Error(`expected a prefix such as "10.0.0.0/24", got "${prefix}"`)
  return prefix.includes(':') ? new Address6(prefix) : new Address4(prefix)
}

const lengthOf = (prefix: string): string => prefix.split('/')[1]!

interface Node {
  readonly op: string
  readonly args: unknown
}

/** Walks an expression for the longest chains of names that begin with a variable. */
function referencesIn(node: unknown): readonly Reference[] {
  if (Array.isArray(node)) return node.flatMap(referencesIn)
  if (typeof node !== 'object' || node === null || !('op' in node)) return []
  const chain = chainOf(node as Node)
  return chain ? [chain] : referencesIn((node as Node).args)
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
    throw new ExpressionError(`${quoted(text)}: ${firstLine(error)}`, { cause: error })
  }
}

const quoted = (text: string): string => `\${{ ${text} }}`

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]!

function asJson(value: unknown): Json {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Map) return asJson(Object.fromEntries(value as Map<string, unknown>))
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]))
  }
  return value as Json
}

const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
