import type { Sketch, SketchedLink } from '../../core/sketch.ts'
import { keyOf, type Box, type End, type Link, type Mark } from './model.ts'

/** A box that is being drawn; its links are kept beside it. */
export type DraftBox = Draft<Omit<Box, 'links' | 'routes' | 'translations'>> & {
  readonly routes: (Sketched<'route'> & Mark)[]
  readonly translations: (Sketched<'translation'> & Mark)[]
}

/** A link that is being drawn, and where it is by now. */
export type DraftLink = Draft<Link & End>

/** What the steps so far have drawn. */
export interface Plane {
  readonly boxes: Map<string | null, DraftBox>
  readonly links: Map<string, DraftLink>
}

export type Sketched<Draw> = Extract<Sketch, { readonly draw: Draw }>

type Draft<T> = { -readonly [Field in keyof T]: T[Field] extends readonly (infer Item)[] ? Item[] : T[Field] }

/** Adds one sketch of a step. What a sketch names without drawing it (the link of an address) is drawn with it. */
export function add(plane: Plane, sketch: Sketch, mark: Mark): void {
  const netns = sketch.netns ?? null
  const box = boxAt(plane, netns)
  if (sketch.draw === 'netns') return void Object.assign(box, touched(box, mark), madeBy(mark))
  if (sketch.draw === 'link') return addLink(plane, sketch, mark)
  if (sketch.draw === 'address') {
    const link = linkAt(plane, { netns, link: sketch.link })
    return void link.addresses.push({ address: sketch.address, peer: sketch.peer ?? null, ...mark })
  }
  if (sketch.draw === 'route') {
    if (sketch.dev !== undefined) linkAt(plane, { netns, link: sketch.dev })
    return void box.routes.push({ ...sketch, ...mark })
  }
  if (sketch.draw === 'translation') {
    if (sketch.link !== undefined) linkAt(plane, { netns, link: sketch.link })
    return void box.translations.push({ ...sketch, ...mark })
  }
  if (sketch.draw === 'forwarding') return void box.forwarding.push({ family: sketch.family, ...mark })
  if (sketch.draw === 'check') return void box.checks.push({ by: sketch.by, target: sketch.target, ...mark })
  box.notes.push({ text: sketch.text, ...mark })
}

function addLink(plane: Plane, sketch: SketchedLink, mark: Mark): void {
  const home: End = { netns: sketch.netns ?? null, link: sketch.link }
  if (sketch.from !== undefined) move(plane, { netns: sketch.from.netns ?? null, link: sketch.link }, home)
  const link = linkAt(plane, home)
  Object.assign(link, touched(link, mark))
  if (sketch.kind !== undefined) Object.assign(link, { kind: sketch.kind }, madeBy(mark))
  if (sketch.peer !== undefined) {
    link.peer = { netns: sketch.peer.netns ?? null, link: sketch.peer.link }
    linkAt(plane, link.peer)
  }
  if (sketch.master !== undefined) {
    link.master = sketch.master
    linkAt(plane, { netns: home.netns, link: sketch.master }).kind ??= 'bridge'
  }
  if (sketch.note !== undefined) link.notes.push({ text: sketch.note, ...mark })
}

/** Takes a link into another box, with its addresses; the other end of its cable follows it. */
function move({ links }: Plane, from: End, to: End): void {
  const link = links.get(keyOf(from))
  if (!link) return
  links.delete(keyOf(from))
  links.set(keyOf(to), Object.assign(link, { netns: to.netns, master: null }))
  const peer = link.peer === null ? undefined : links.get(keyOf(link.peer))
  if (peer?.peer && keyOf(peer.peer) === keyOf(from)) peer.peer = to
}

/** What becomes of a thing by the step that makes it. */
const madeBy = ({ pending, failed = false }: Mark) => ({ pending, ...(failed ? { failed } : {}) })

function touched({ steps, drifted }: Mark, mark: Mark): Pick<Mark, 'steps' | 'drifted'> {
  return { steps: [...new Set([...steps, ...mark.steps])], drifted: drifted || mark.drifted }
}

function boxAt({ boxes }: Plane, netns: string | null): DraftBox {
  const box = boxes.get(netns) ?? { ...untouched(), netns, ...emptyBox() }
  boxes.set(netns, box)
  return box
}

function linkAt(plane: Plane, { netns, link }: End): DraftLink {
  boxAt(plane, netns)
  const key = keyOf({ netns, link })
  const found = plane.links.get(key) ?? { ...untouched(), netns, link, ...emptyLink() }
  plane.links.set(key, found)
  return found
}

const untouched = () => ({ steps: [], pending: false, drifted: false })

const emptyBox = () => ({ routes: [], translations: [], forwarding: [], checks: [], notes: [] })

const emptyLink = () => ({ kind: null, peer: null, master: null, addresses: [], notes: [] })
