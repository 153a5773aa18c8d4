import type { Attributes, Edge, Graph, Subgraph } from '@viz-js/viz'
import { graphOf } from './graphviz.ts'
import type { Topology } from './model.ts'

/** Writes a topology in the language of Graphviz. @see https://graphviz.org/doc/info/lang.html */
export function dotOf(topology: Topology): string {
  const {
    name = '',
    graphAttributes,
    nodeAttributes,
    edgeAttributes,
    nodes,
    subgraphs = [],
    edges = [],
  }: Graph = graphOf(topology)
  const lines = [
    `graph [${attributes(graphAttributes)}]`,
    `node [${attributes(nodeAttributes)}]`,
    `edge [${attributes(edgeAttributes)}]`,
    ...nodeLines({ nodes: nodes ?? [] }),
    ...subgraphs.flatMap(clusterLines),
    ...edges.map(edgeLine),
  ]
  return [`digraph ${quoted(name)} {`, ...lines.map((line) => `  ${line}`), '}'].join('\n')
}

function clusterLines({ name = '', graphAttributes, ...rest }: Subgraph): readonly string[] {
  const lines = [`graph [${attributes(graphAttributes)}]`, ...nodeLines(rest)]
  return [`subgraph ${quoted(name)} {`, ...lines.map((line) => `  ${line}`), '}']
}

const nodeLines = ({ nodes = [] }: Pick<Subgraph, 'nodes'>): readonly string[] =>
  nodes.map((node) => `${quoted(node.name)} [${attributes(node.attributes)}]`)

const edgeLine = ({ tail, head, attributes: looks }: Edge): string =>
  `${quoted(tail)} -> ${quoted(head)} [${attributes(looks)}]`

const attributes = (all: Attributes = {}): string =>
  Object.entries(all)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? `<${value.html}>` : quoted(`${value}`)}`)
    .join(', ')

/** Names and looks are plain: whatever the data say stands in HTML labels. */
const quoted = (text: string): string => `"${text}"`
