import type { Environment } from '@marcbachmann/cel-js'
import { asJson } from './cel-value.ts'
import { expectBounded, limits, MAX_TEXT, type Node } from './expression-limits.ts'
import { inPlainWords } from './cel-words.ts'
import { chainOf, referencesIn, variables, type Reference } from './expression-names.ts'
import { namesIn, valuesOf, type Scope } from './expression-values.ts'
import { addressOf, cidrhost, cidrsubnet } from './host-number.ts'
import type { Json } from './json.ts'
import { isChain, plainExpression } from './plain-expression.ts'
import { moved, type Move } from './round-text.ts'
import { piecesOf, type Piece } from './template-text.ts'

/** A text with expressions in it. */
export interface Template {
  readonly references: readonly Reference[]
  /** Those of the references that something is made of: all but those that are an expression by themselves. */
  readonly used: readonly Reference[]
  /** What the whole text is, when it is one reference and nothing else. */
  readonly only: Reference | undefined
  /** Fills the expressions in. A text that is one expression keeps its type. @throws ExpressionError */
  readonly evaluate: (scope: Scope) => Json
  /** Writes the text as it is read elsewhere, where it cannot be filled in yet. @throws ExpressionError */
  readonly moved: (move: Move) => string
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
  const [first] = parts
  const expressions = parts.filter((part) => typeof part !== 'string')
  return {
    references: expressions.flatMap(({ references }) => references),
    used: expressions.flatMap(({ used }) => used),
    only: parts.length === 1 && typeof first === 'object' ? first.only : undefined,
    evaluate: (scope) => {
      if (parts.length === 1 && typeof first === 'object') return first.evaluate(scope)
      return parts.reduce<string>((before, part) => extended(before, part, scope), '')
    },
    moved: (move) => parts.map((it) => (typeof it === 'string' ? escaped(it) : it.moved(move))).join(''),
  }
}

function extended(before: string, part: string | Template, scope: Scope): string {
  const text = before + (typeof part === 'string' ? part : asText(part.evaluate(scope)))
  if (text.length > MAX_TEXT) throw tooLong(text.length)
  return text
}

/** Writes a text so that it is read as what it is. */
export const escaped = (literal: string): string => literal.replaceAll('${{', () => '$${{')

const tooLong = (length: number): ExpressionError =>
  new ExpressionError(`expected a text with expressions to have at most ${MAX_TEXT} characters, got ${length}`)

function partOf(piece: Piece): string | Template {
  if ('literal' in piece) return piece.literal
  if (piece.expression === undefined) throw new ExpressionError('expected "}}" after "${{", got none')
  return parseExpression(piece.expression.trim())
}

function parseExpression(text: string): Template {
  const plain = plainExpression(text)
  if (!plain) return parseCel(text)
  let made: Template | undefined
  const cel = (): Template => (made ??= parseCel(text))
  return {
    references: plain.references,
    used: isChain(text) ? [] : plain.references,
    only: isChain(text) ? plain.references[0] : undefined,
    evaluate: (scope) => plain.evaluate(scope) ?? cel().evaluate(scope),
    moved: (move) => cel().moved(move),
  }
}

function parseCel(text: string): Template {
  if (text === '') throw new ExpressionError('expected an expression between "${{" and "}}", got nothing')
  const compiled = plainly(text, () => environment().parse(text))
  plainly(text, () => expectBounded(compiled.ast))
  const checked = compiled.check()
  if (!checked.valid) throw mistakeIn(text, checked.error)
  const references = referencesIn(compiled.ast)
  const names = namesIn(references)
  const chain = chainOf(compiled.ast as Node)
  return {
    references,
    used: chain === undefined ? references : [],
    only: chain && references[0],
    evaluate: (scope) => plainly(text, () => asJson(compiled(valuesOf(scope, names)))),
    moved: (move) => plainly(text, () => `\${{ ${moved(text, compiled.ast as Node, move)} }}`),
  }
}

let environmentMade: Environment | undefined

function environment(): Environment {
  if (environmentMade) return environmentMade
  const cel = require('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js')
  environmentMade = Object.entries(variables)
    .reduce((it, [name, type]) => it.registerVariable(name, type), new cel.Environment({ limits }))
    .registerFunction('cidrhost(string, int): string', cidrhost)
    .registerFunction('cidrsubnet(string, int, int): string', cidrsubnet)
    .registerFunction('address(string, int): string', addressOf)
  return environmentMade
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

const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
