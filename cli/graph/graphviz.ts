import type { Attributes, Edge as DotEdge, Graph, Node, Subgraph } from '@viz-js/viz'
import { depthsOf, type Depths } from './depths.ts'
import { edgesOf, INTERNET, nameOf, wordsOf, type Edge, type Edges } from './edges.ts'
import { titleOf, type Box, type Link, type Topology } from './model.ts'
import { colorOf, colors, edgeLooks, font, fonts, graphLooks, html, linkLooks, widthFor } from './looks.ts'
import { addressLines, captionOf, clean, linesOf, noteLines, stateOf, withState, type Line } from './words.ts'
import { wrap } from './wrap.ts'

/**
 * Lays out a topology for Graphviz: each netns a cluster, each link a node. Lines lead from what is nearer to the internet
 * to what is farther, so that the internet is on the left, whatever way an arrow points.
 *
 * @see https://graphviz.org/doc/info/attrs.html
 */
export function graphOf(topology: Topology): Graph {
  const all = edgesOf(topology)
  const depths = depthsOf(topology, all.edges)
  const subgraphs = topology.boxes.map((box, at) => clusterOf(box, at, all))
  const internet = all.edges.some(({ from, to }) => from === INTERNET || to === INTERNET)
  return {
    name: 'nsnet',
    directed: true,
    graphAttributes: { ...graphLooks, ...titleFor(topology) },
    nodeAttributes: { fontname: fonts.text, fontsize: 12 },
    edgeAttributes: { fontname: fonts.text, fontsize: 10 },
    nodes: internet ? [{ name: INTERNET, attributes: { label: INTERNET, ...linkLooks.internet } }] : [],
    subgraphs,
    edges: [
      ...depths.beside.map(([tail, head]) => ({ tail, head, attributes: { style: 'invis' } })),
      ...all.edges.map((edge) => edgeOf(edge, depths)),
    ],
  }
}

/** Steps that have drifted of which the title tells how. */
const MOST_DRIFTS = 12

function titleFor(topology: Topology): Attributes {
  const { drifted } = topology
  const more = drifted.length > MOST_DRIFTS ? [`and ${drifted.length - MOST_DRIFTS} more`] : []
  const told = drifted.slice(0, MOST_DRIFTS).map(({ step, text }) => `drifted: ${step}: ${text}`)
  const lines = [...told, ...more].map((text) => font(text, { color: colors.drifted, 'point-size': 10 }))
  return { label: html([font(captionOf(topology), { 'point-size': 14 }), ...lines]) }
}

function clusterOf(box: Box, at: number, { hasArrow }: Edges): Subgraph {
  const lines = linesOf(box, hasArrow)
  const color = colorOf(box, colors.frame)
  return {
    name: `cluster_${at}`,
    graphAttributes: {
      label: html([
        `<b>${font(withState(titleOf(box), box), { color: box.drifted ? colors.drifted : colors.text })}</b>`,
      ]),
      style: box.pending ? 'rounded,dashed,filled' : 'rounded,filled',
      fillcolor: colors.box,
      color,
      labeljust: 'l',
      margin: 14,
      fontsize: 13,
    },
    nodes: [
      ...box.links.map((link) => linkNode(box.netns, link)),
      ...(lines.length === 0 ? [] : [notesNode(at, lines)]),
    ],
  }
}

/** The words of a box, left-aligned in a node without a frame. */
function notesNode(at: number, lines: readonly Line[]): Node {
  const rows = lines.flatMap((line) => {
    const texts = wrap(clean(withState(line.text, line)), NOTE_COLUMNS)
    return texts.map((text) => `<tr><td align="left">${font(text, { color: colorOf(line, colors.quiet) })}</td></tr>`)
  })
  const table = `<table border="0" cellborder="0" cellspacing="0" cellpadding="1">${rows.join('')}</table>`
  return {
    name: `notes ${at}`,
    attributes: { label: { html: table }, shape: 'plaintext', fontsize: 10, margin: '0.12,0' },
  }
}

/** Characters of a line of words in a box. */
const NOTE_COLUMNS = 46

function linkNode(netns: string | null, link: Link): Node {
  const { kind, pending } = link
  const state = stateOf(link)
  const words = noteLines(link).flatMap((it) => wrap(clean(it.text), NOTE_COLUMNS).map((text) => ({ ...it, text })))
  const lines = [
    `<b>${font(link.link, { color: colorOf(link, colors.text) })}</b>`,
    ...(kind === null || kind === 'veth' ? [] : [small(kind, colors.quiet)]),
    ...addressLines(link).map((it) => small(it.text, colorOf(it, colors.text))),
    ...words.map((it) => small(it.text, colorOf(it, colors.quiet))),
    ...(state === '' ? [] : [small(state, colorOf(link, colors.quiet))]),
  ]
  const width = widthFor([link.link, ...words.map(({ text }) => text)])
  const style = pending ? 'rounded,filled,dashed' : 'rounded,filled'
  return {
    name: nameOf({ netns, link: link.link }),
    attributes: { ...linkLooks.link, ...width, label: html(lines), style, color: colorOf(link, colors.frame) },
  }
}

const small = (text: string, color: string): string => font(text, { color, 'point-size': 10 })

/** Turns an edge round where it would lead away from the internet; its arrow head stays where it was. */
function edgeOf(edge: Edge, depths: Depths): DotEdge {
  const { kind, from, to, pending, drifted } = edge
  const [a, b] = [nameOf(from), nameOf(to)]
  const turned = depths.of(from) > depths.of(to)
  const isLine = kind === 'cable' || kind === 'port'
  const { color, ...looks } = edgeLooks[kind]
  const shown = drifted ? colors.drifted : color
  const lines = wordsOf(edge).map((text) => font(text, { color: shown }))
  return {
    tail: turned ? b : a,
    head: turned ? a : b,
    attributes: {
      ...looks,
      dir: isLine ? 'none' : turned ? 'back' : 'forward',
      color: kind === 'cable' && !pending ? `${shown}:white:${shown}` : shown,
      ...(kind === 'route' ? { constraint: false } : {}),
      ...(pending ? { style: 'dashed' } : {}),
      ...(lines.length === 0 ? {} : { label: html(lines) }),
    },
  }
}
