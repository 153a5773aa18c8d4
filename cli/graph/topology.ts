import type { Sketch } from '../../core/sketch.ts'
import { cablesOf, finderOf, outsideOf, routeIn, translationIn, type Finder } from './arrows.ts'
import type { Box, Link, Mark, Topology } from './model.ts'
import { add, type DraftLink, type Plane } from './plane.ts'

/** What one step draws. */
export interface DrawnStep {
  readonly id: string
  readonly sketches: readonly Sketch[]
  /** It has not been applied. */
  readonly pending: boolean
  /** It has been tried, and has failed. */
  readonly failed?: boolean
}

/** What is drawn beside the steps. */
export interface Caption extends Pick<Topology, 'name' | 'run'> {
  /** The host's link of the default route; empty when there is none. */
  readonly uplink: string
  /** The steps that do not hold any more, each with what was expected and found. */
  readonly drifted: ReadonlyMap<string, string>
}

/** Folds what the steps draw, in their order, into one topology. */
export function topologyOf(steps: readonly DrawnStep[], { name, run, uplink, drifted }: Caption): Topology {
  const plane: Plane = { boxes: new Map(), links: new Map() }
  for (const { id, pending, failed = false, sketches } of steps) {
    const mark: Mark = { steps: [id], pending, drifted: drifted.has(id), ...(failed ? { failed } : {}) }
    for (const sketch of sketches) add(plane, sketch, mark)
  }
  const links = [...plane.links.values()]
  const finder = finderOf(links)
  return {
    name,
    run,
    boxes: boxesOf(plane, finder).toSorted((a, b) => Number(b.netns === null) - Number(a.netns === null)),
    cables: cablesOf(links, finder),
    outside: outsideOf(links, plane.boxes.get(null), uplink),
    drifted: Array.from(drifted, ([step, text]) => ({ step, text })),
  }
}

const boxesOf = ({ boxes }: Plane, finder: Finder): readonly Box[] =>
  Array.from(boxes.values(), (box) => ({
    ...box,
    links: finder.inBox(box.netns).map(placed),
    routes: box.routes.map((route) => routeIn(finder, box.netns, route)),
    translations: box.translations.map((translation) => translationIn(finder, box.netns, translation)),
  }))

const placed = ({ netns: _, ...link }: DraftLink): Link => link
