import { grouped } from './grouped.ts'
import { ENOUGH, type Problem } from './problems.ts'
import type { Source } from './source.ts'
import { problemAt } from './workflow.ts'

/** A reference of a step to another, and where it stands. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly pointer: string
}

/** Tells of references to later steps: a cycle, or an order that is the wrong way round. */
export function laterReferences(source: Source, all: readonly Edge[]): readonly Problem[] {
  const edges = all.slice(0, ENOUGH)
  const next = grouped(edges, ({ from }) => [from])
  return edges.map(({ from, to, pointer }) => {
    const back = pathBetween(next, to, from)
    if (back) return problemAt(source, pointer, `expected no cycle, got ${[from, ...back].join(' → ')}`)
    const hint = `move step "${to}" before step "${from}"`
    return problemAt(source, pointer, `expected an earlier step, got "${to}", which comes later`, hint)
  })
}

/** How many steps are looked at to tell that a reference closes a cycle; beyond, it is told as one to a later step. */
const MOST_IN_CYCLE = 100

function pathBetween(
  next: ReadonlyMap<string, readonly Edge[]>,
  from: string,
  to: string,
): readonly string[] | undefined {
  const seen = new Set<string>()
  const stack: (readonly string[])[] = [[from]]
  for (let path = stack.pop(); path && seen.size < MOST_IN_CYCLE; path = stack.pop()) {
    const last = path.at(-1)!
    if (last === to) return path
    if (seen.has(last)) continue
    seen.add(last)
    for (const edge of next.get(last) ?? []) stack.push([...path, edge.to])
  }
  return undefined
}
