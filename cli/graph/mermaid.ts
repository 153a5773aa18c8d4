import { depthsOf, type Depths } from './depths.ts'
import { edgesOf, INTERNET, nameOf, wordsOf, type Edge, type Edges } from './edges.ts'
import { titleOf, type Box, type Link, type Mark, type Topology } from './model.ts'
import { addressLines, captionOf, clean, linesOf, noteLines, withState } from './words.ts'

/**
 * Writes a topology as a Mermaid flowchart, as GitHub and GitLab draw them. Lines lead the way that packets go, to the
 * internet on the right.
 *
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function mermaidOf(topology: Topology): string {
  const all = edgesOf(topology)
  const ids = idsOf(topology)
  const depths = depthsOf(topology, all.edges)
  const internet = all.edges.some(({ from, to }) => from === INTERNET || to === INTERNET)
  const lines = [
    ...topology.drifted.map(({ step, text }) => `%% drifted: ${escaped(`${step}: ${text}`)}`),
    ...topology.boxes.flatMap((box, at) => boxLines(box, at, ids, all)),
    ...(internet ? [`${INTERNET}([${INTERNET}])`] : []),
    ...all.edges.map((edge) => edgeLine(outwards(edge, depths), ids)),
    ...looksOf(topology, all, ids),
  ]
  const title = JSON.stringify(clean(captionOf(topology)))
  return ['---', `title: ${title}`, '---', 'flowchart LR', ...lines.map((line) => `  ${line}`)].join('\n')
}

/** Short names of links, that no word of Mermaid looks like. */
type Ids = ReadonlyMap<string, string>

function idsOf({ boxes }: Topology): Ids {
  const names = boxes.flatMap(({ netns, links }) => links.map(({ link }) => nameOf({ netns, link })))
  return new Map([...names.map((name, at): [string, string] => [name, `link${at}`]), [INTERNET, INTERNET]])
}

function boxLines(box: Box, at: number, ids: Ids, { hasArrow }: Edges): readonly string[] {
  const words = linesOf(box, hasArrow).map((line) => withState(line.text, line))
  const links = box.links.map((link) => `${idOf(box, link, ids)}[${label(linkTexts(link))}]`)
  const notes = words.length === 0 ? [] : [`notes${at}[${label(words)}]`, `style notes${at} fill:none,stroke:none`]
  const inside = [...links, ...notes].map((line) => `  ${line}`)
  return [`subgraph box${at}[${label([withState(titleOf(box), box)])}]`, ...inside, 'end']
}

const idOf = ({ netns }: Box, { link }: Link, ids: Ids): string | undefined => ids.get(nameOf({ netns, link }))

function linkTexts(link: Link): readonly string[] {
  const { kind } = link
  const usual = kind === null || kind === 'veth'
  const all = [...addressLines(link), ...noteLines(link)].map(({ text }) => text)
  return [withState(link.link, link), ...(usual ? [] : [kind]), ...all]
}

/** Turns a cable round where it would lead away from the internet: it has no direction of its own. */
function outwards(edge: Edge, depths: Depths): Edge {
  const { kind, from, to } = edge
  const isTurned = kind === 'cable' && depths.of(from) < depths.of(to)
  return isTurned ? { ...edge, from: to, to: from } : edge
}

/** A cable is thick, an arrow thin; what is not there yet is dotted. */
function edgeLine(edge: Edge, ids: Ids): string {
  const { kind, from, to, pending } = edge
  const head = kind === 'cable' || kind === 'port' ? '' : '>'
  const strokes = { pending: `-.-${head}`, cable: '===', thin: head === '' ? '---' : '-->' }
  const words = wordsOf(edge)
  const stroke = strokes[pending ? 'pending' : kind === 'cable' ? 'cable' : 'thin']
  return [ids.get(nameOf(from)), stroke + (words.length === 0 ? '' : `|${label(words)}|`), ids.get(nameOf(to))].join(
    ' ',
  )
}

/** Dashes what is not there yet, and makes red what has drifted. */
function looksOf({ boxes }: Topology, { edges }: Edges, ids: Ids): readonly string[] {
  const shown = boxes.flatMap((box, at): readonly (readonly [string | undefined, Mark])[] => [
    [`box${at}`, box],
    ...box.links.map((link) => [idOf(box, link, ids), link] as const),
  ])
  const red = edges.flatMap(({ drifted }, at) => (drifted ? [at] : []))
  return [
    ...shown.flatMap(([id, { pending }]) => (pending ? [`style ${id} stroke-dasharray:5 4`] : [])),
    ...shown.flatMap(([id, { drifted }]) => (drifted ? [`style ${id} stroke:#cf222e,color:#cf222e`] : [])),
    ...(red.length === 0 ? [] : [`linkStyle ${red.join(',')} stroke:#cf222e,color:#cf222e`]),
  ]
}

/** Writes lines of text as Mermaid reads them: between quotes, with what it could take for its own as numbers. */
const label = (lines: readonly string[]): string => `"${lines.map(escaped).join('<br/>')}"`

function escaped(text: string): string {
  const line = clean(text)
  // what begins like a list of Markdown is refused
  const list = (/^(\d+\.|-) /.exec(line)?.[1]?.length ?? 0) - 1
  return line.replace(/[!-~]/g, (it, at: number) =>
    /[\w.,:/-]/.test(it) && at !== list ? it : `#${it.codePointAt(0)};`,
  )
}
