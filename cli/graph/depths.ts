import { grouped } from '../../core/grouped.ts'
import { INTERNET, nameOf, type Edge } from './edges.ts'
import type { Box, Topology } from './model.ts'

/** How far links are away from the internet, or without it from the links of the first box. */
export interface Depths {
  readonly of: (end: Edge['from']) => number
  /** Links of one box that no line joins, but that lead on to what is behind: names of the nearer and the farther one. */
  readonly beside: readonly (readonly [string, string])[]
}

/** Counts the lines between links; the links of a box count as neighbours where no line leads to them. */
export function depthsOf({ boxes }: Topology, edges: readonly Edge[]): Depths {
  const inBoxes = boxes.map(namesIn)
  const boxOf = new Map(inBoxes.flatMap((names) => names.map((name) => [name, names] as const)))
  const walk = walkOf(neighboursBy(edges))
  const beside: (readonly [string, string])[] = []
  const crossed = new Set<readonly string[]>()
  const starts = [edges.some(({ to }) => to === INTERNET) ? [INTERNET] : [], ...inBoxes]
  for (const names of starts) {
    if (names.some((name) => walk.depths.has(name))) continue
    walk.from(names, 0)
    // what is found on the way is looked at too
    for (const [near, depth] of walk.depths) {
      const box = boxOf.get(near) ?? []
      const others = crossed.has(box) ? [] : box
      crossed.add(box)
      for (const far of others) {
        if (walk.depths.has(far)) continue
        beside.push([near, far])
        walk.from([far], depth + 1)
      }
    }
  }
  return { of: (end) => walk.depths.get(nameOf(end)) ?? 0, beside }
}

/** Follows lines from link to link, the nearest first, as far as nobody has been. */
function walkOf(next: (name: string) => readonly string[]): {
  readonly depths: ReadonlyMap<string, number>
  readonly from: (names: readonly string[], depth: number) => void
} {
  const depths = new Map<string, number>()
  return {
    depths,
    from: (names, depth) => {
      const queue = [...names]
      for (const name of names) depths.set(name, depth)
      for (const name of queue) {
        const found = next(name).filter((it) => !depths.has(it))
        for (const it of found) depths.set(it, depths.get(name)! + 1)
        queue.push(...found)
      }
    },
  }
}

function neighboursBy(edges: readonly Edge[]): (name: string) => readonly string[] {
  const pairs = edges.filter(({ kind }) => kind !== 'route').map(({ from, to }) => [nameOf(from), nameOf(to)] as const)
  const next = grouped([...pairs, ...pairs.map(([from, to]) => [to, from] as const)], ([from]) => [from])
  return (name) => (next.get(name) ?? []).map(([, other]) => other)
}

/** Names the links of a box, ports last: a bridge leads to them. */
const namesIn = ({ netns, links }: Box): readonly string[] =>
  links
    .toSorted((a, b) => Number(a.master !== null) - Number(b.master !== null))
    .map(({ link }) => nameOf({ netns, link }))
