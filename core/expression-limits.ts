import { didYouMean } from './near.ts'

/** How many characters a text with expressions may have, before and after they are filled in; the same for what they read. */
export const MAX_TEXT = 65_536

/** What the parser of expressions allows: enough for people, and little enough to evaluate at once. */
export const limits = { maxAstNodes: 200, maxDepth: 50 }

/**
 * The functions that expressions have. Those of CEL that are left out loop (`map`, `filter`, `all`, `exists`), double what
 * they are given each time they are nested (`cel.bind`, `join`), or may take for ever (`matches`, a regular expression).
 */
const functions = [
  'address',
  'bool',
  'cidrhost',
  'cidrsubnet',
  'contains',
  'double',
  'endsWith',
  'has',
  'indexOf',
  'int',
  'lastIndexOf',
  'lowerAscii',
  'size',
  'split',
  'startsWith',
  'string',
  'substring',
  'trim',
  'upperAscii',
]

/** A part of an expression, as its parser gives it. */
export interface Node {
  readonly op: string
  readonly args: unknown
  /** Where it begins and ends in the text; parentheses around it are left out. */
  readonly start: number
  readonly end: number
}

/** Refuses an expression that calls what it may not. @throws Error that names the function */
export function expectBounded(node: unknown): void {
  if (Array.isArray(node)) node.forEach(expectBounded)
  if (!isNode(node)) return
  if (node.op === 'call' || node.op === 'rcall') {
    const name = String((node.args as readonly unknown[])[0])
    if (!functions.includes(name)) {
      const advice = didYouMean(name, functions) ?? `there are ${functions.join(', ')}`
      throw new Error(`expected a function that expressions have, got ${name}() (${advice})`)
    }
  }
  expectBounded(node.args)
}

/** Tells a part of an expression from a name or a value. */
export const isNode = (node: unknown): node is Node => typeof node === 'object' && node !== null && 'op' in node

/** Refuses a text or list that is too long to go on with. @throws Error with its length */
export function expectShort(value: string | readonly unknown[]): void {
  if (value.length <= MAX_TEXT) return
  const [what, unit] = typeof value === 'string' ? ['a text', 'characters'] : ['a list', 'entries']
  throw new Error(`expected ${what} of at most ${MAX_TEXT} ${unit}, got ${value.length}`)
}
