import { instance, type Graph, type Viz } from '@viz-js/viz'
import { NsnetError } from '../../core/errors.ts'
import { graphOf } from './graphviz.ts'
import { xml } from './looks.ts'
import type { Topology } from './model.ts'
import { oneLine } from '../text.ts'
import { captionOf } from './words.ts'

/** Links that Graphviz lays out within some ten seconds; with many times more its memory does not do. */
const MOST_LINKS = 2000

/** Draws a topology of up to 2000 links as SVG, by Graphviz. @throws USAGE when there are more */
export async function svgOf(topology: Topology): Promise<string> {
  const count = topology.boxes.reduce((sum, { links }) => sum + links.length, 0)
  if (count > MOST_LINKS) {
    const message = `expected at most ${MOST_LINKS} links for SVG, got ${count}`
    throw new NsnetError('USAGE', message, 'draw it as text, or lay it out elsewhere: --format dot')
  }
  const drawn = drawnBy(await instance(), graphOf(topology))
  const picture = drawn.slice(drawn.indexOf('<svg'))
  // Graphviz titles every part with its inner name, which browsers show under the mouse
  const untitled = picture.replace(/<title>[^<]*<\/title>\n?/g, '').replace(/<!--[^]*?-->\n?/g, '')
  return untitled
    .replaceAll('font-family="Arial"', 'font-family="Arial,Helvetica,sans-serif"')
    .replace(/^(<svg[^>]*>\n?)/, `$1<title>${xml(captionOf(topology))}</title>\n`)
    .trimEnd()
}

/**
 * Lays out a graph. Graphviz now and then finds no way for a line around the nodes, and leaves it out without failing: then
 * lines may cross nodes.
 *
 * @throws TOOL_FAILED when a line is missing all the same
 */
function drawnBy(viz: Viz, graph: Graph): string {
  const across: Graph = { ...graph, graphAttributes: { ...graph.graphAttributes, splines: 'curved' } }
  const said: string[] = []
  for (const attempt of [graph, across]) {
    const { output, errors } = viz.render(attempt, { format: 'svg', engine: 'dot' })
    const failed = errors.filter(({ level }) => level !== 'warning').map(({ message }) => message)
    if (output !== undefined && failed.length === 0) return output
    said.push(...failed)
  }
  const message = `Graphviz could not draw this: ${oneLine(said.join('; '))}`
  throw new NsnetError('TOOL_FAILED', message, 'draw it as text, or lay it out elsewhere: --format dot')
}
