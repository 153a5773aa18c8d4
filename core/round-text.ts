import { isNode, type Node } from './expression-limits.ts'
import { chainOf, type Reference } from './expression-names.ts'
import { isObject, type Json } from './json.ts'

/** What expressions read where something is done for each value of a list. */
export interface Round {
  readonly each: Json
  /** Counts from 0. */
  readonly index: number
}

/** Where an expression is read instead of where it stands. */
export interface Move {
  /** Its values are put in place of `each` and `index`. */
  readonly round?: Round | undefined
  /** Its values are put in place of `inputs.NAME`. */
  readonly inputs?: { readonly [name: string]: Json }
  /** Gives the id that a step has there; undefined for the same. */
  readonly fullId: (id: string) => string | undefined
}

/**
 * Writes an expression so that it can be read elsewhere: without knowing of a round, or of the workflow that it stands in.
 *
 * @throws Error when `each` or `inputs` has no such field
 */
export function moved(text: string, ast: Node, move: Move): string {
  const edits = editsIn({ text, ...move }, ast)
  return edits.reduceRight((it, { start, end, by }) => it.slice(0, start) + by + it.slice(end), text)
}

interface Site extends Move {
  readonly text: string
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly by: string
}

/** Lists the edits in the order of the text. */
function editsIn(site: Site, node: unknown): readonly Edit[] {
  if (Array.isArray(node)) return node.flatMap((it) => editsIn(site, it)).toSorted((a, b) => a.start - b.start)
  if (!isNode(node)) return []
  const chain = chainOf(node)
  const { round, inputs } = site
  if (chain?.[0] === 'each' && round) return [valueEdit(site, node, chain, round.each)]
  if (chain?.[0] === 'index' && round) return [{ ...placeOf(node), by: `${round.index}` }]
  if (chain?.[0] === 'inputs' && inputs) return [valueEdit(site, node, chain, inputs)]
  if (chain?.[0] === 'steps') return stepEdits(site, node, chain)
  return editsIn(site, node.args)
}

/** Puts in the value that a chain of names leads to, or, where it is in parentheses or no single value, all of it. */
function valueEdit({ text }: Site, node: Node, chain: Reference, all: Json): Edit {
  const root = rootOf(node, 1)
  const value = chain.slice(1).reduce<Json | undefined>(fieldOf, all)
  if (value === undefined) throw new Error(`expected a name that ${chain[0]} has, got ${chain.join('.')}`)
  const whole = typeof value !== 'object' && !text.slice(root.start, node.end).includes(')')
  return whole ? { start: root.start, end: node.end, by: literalOf(value) } : { ...placeOf(root), by: literalOf(all) }
}

function stepEdits({ text, fullId }: Site, node: Node, chain: Reference): readonly Edit[] {
  const id = chain[1] === undefined ? undefined : fullId(chain[1])
  if (id === undefined) return []
  const { op, args, end } = rootOf(node, 2)
  const [, key] = args as readonly [Node, unknown]
  if (op === '[]') return [{ ...placeOf(key as Node), by: literalOf(id) }]
  return [{ start: text.lastIndexOf('.', end - 1), end, by: `[${literalOf(id)}]` }]
}

/** Finds the part of a chain that has so many names. */
function rootOf(node: Node, length: number): Node {
  return chainOf(node)!.length === length ? node : rootOf((node.args as readonly [Node])[0], length)
}

const placeOf = ({ start, end }: Node): Pick<Edit, 'start' | 'end'> => ({ start, end })

/** Writes a value in CEL: as JSON, but that a number below zero would be one with the operator before it. */
const literalOf = (value: Json): string =>
  typeof value === 'number' && value < 0 ? `(${value})` : JSON.stringify(value)

function fieldOf(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}
