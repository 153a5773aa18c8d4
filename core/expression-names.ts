import { isNode, type Node } from './expression-limits.ts'

/** A name that an expression reads: `inputs.uplink` is `['inputs', 'uplink']`. */
export type Reference = readonly string[]

/** What expressions can read, with its type in CEL. */
export const variables = { inputs: 'map', host: 'map', steps: 'map', each: 'dyn', index: 'int' } as const

/** Walks an expression for the longest chains of names that begin with a variable. */
export function referencesIn(node: unknown): readonly Reference[] {
  if (Array.isArray(node)) return node.flatMap(referencesIn)
  if (!isNode(node)) return []
  const chain = chainOf(node)
  if (chain === undefined) return referencesIn(node.args)
  return Object.hasOwn(variables, chain[0]!) ? [chain] : []
}

/** Reads a part of an expression that is a chain of names; undefined when it is something else. */
export function chainOf({ op, args }: Node): Reference | undefined {
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
