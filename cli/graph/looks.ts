import type { Attributes, HTMLString } from '@viz-js/viz'
import stringWidth from 'string-width'
import type { Edge } from './edges.ts'
import { clean, type Line } from './words.ts'

/** Colours that are told apart on white also without seeing colours: what they say is said in words beside them. */
export const colors = {
  text: '#1f2328',
  quiet: '#57606a',
  frame: '#8c959f',
  box: '#f6f8fa',
  drifted: '#cf222e',
  cable: '#0969da',
  route: '#1a7f37',
  translation: '#8250df',
} as const

/** Fonts that Graphviz measures right, each with what takes its place elsewhere. */
export const fonts = { text: 'Arial' } as const

export const graphLooks: Attributes = {
  rankdir: 'LR',
  bgcolor: 'white',
  fontname: fonts.text,
  labelloc: 't',
  nodesep: 0.35,
  ranksep: 0.9,
  pad: 0.2,
}

/** What links look like, and the internet. */
export const linkLooks: { readonly [shape in 'link' | 'internet']: Attributes } = {
  link: { shape: 'box', fillcolor: 'white', margin: '0.22,0.09' },
  internet: { shape: 'ellipse', style: 'filled,dashed', fillcolor: 'white', color: colors.frame, margin: '0.2,0.12' },
}

/** What lines look like; cables are thick and come first to the eye. */
export const edgeLooks: {
  readonly [kind in Edge['kind']]: { readonly [name: string]: string | number; readonly color: string }
} = {
  cable: { color: colors.cable, penwidth: 2.5, weight: 10 },
  port: { color: colors.frame, penwidth: 2, weight: 5 },
  route: { color: colors.route, arrowsize: 0.8 },
  translation: { color: colors.translation, arrowsize: 0.8 },
  uplink: { color: colors.frame, arrowsize: 0.8 },
}

/** The colour of what is as it should be, or red. */
export const colorOf = ({ drifted }: Pick<Line, 'drifted'>, usual: string): string => (drifted ? colors.drifted : usual)

/** Writes a text of the data as XML. */
export const xml = (text: string): string => clean(text).replace(/[&<>"'\\]/g, (it) => `&#${it.codePointAt(0)};`)

/** Writes a text of the data in a colour and size. */
export function font(text: string, looks: { readonly [name: string]: string | number }): string {
  const attributes = Object.entries(looks).map(([name, value]) => ` ${name}="${value}"`)
  const indented = text.replace(/^ +/, (it) => '\u00a0'.repeat(it.length))
  // Graphviz reads `\N` as the name of the node, and takes no empty text
  const label = xml(indented).replaceAll('&#92;', '&#92;&#92;') || '&#160;'
  return `<font${attributes.join('')}>${label}</font>`
}

/** Asks for a node that is wide enough for characters whose width Graphviz does not know; in inches. */
export function widthFor(texts: readonly string[]): Attributes {
  if (texts.every((text) => /^[ -~]*$/.test(text))) return {}
  return { width: Math.ceil(Math.max(...texts.map((text) => stringWidth(clean(text)))) * 0.1 + 0.5) }
}

/** Puts lines below each other. */
export const html = (lines: readonly string[]): HTMLString => ({ html: lines.join('<br/>') })
