import { grouped } from '../../core/grouped.ts'
import { printable } from '../../core/quote.ts'
import {
  routeText,
  translationText,
  type Box,
  type Link,
  type Mark,
  type Route,
  type Topology,
  type Translation,
} from './model.ts'
import { asUnknown } from './stand-ins.ts'

/** Characters of a text that a picture shows. */
const LONGEST = 160

/** Lines of text that a picture shows in one box. */
const MOST_LINES = 12

/**
 * Makes a text fit for every format: on one line, without control characters, without what XML cannot hold, and not longer
 * than a picture can bear. Formats escape it further.
 */
export function clean(text: string): string {
  const sound = Buffer.from(asUnknown(text))
    .toString()
    .replace(/[\ufffe\uffff]/g, '\ufffd')
  const line = printable(sound.replace(/[\t\n\v\f\r]+/g, ' '))
  const characters = line.length > LONGEST ? [...line] : []
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : line
}

/** What is told of all that is drawn. */
type Marked = Pick<Mark, 'pending' | 'failed' | 'drifted'>

/** A line of text in a box. */
export interface Line extends Marked {
  readonly text: string
}

/** Lists what a box says in words: all that has no shape, and of routes and translations those that have no arrow. */
export function linesOf(box: Box, hasArrow: (arrow: Route | Translation) => boolean): readonly Line[] {
  const lines: readonly Line[] = [
    ...box.routes.filter((it) => !hasArrow(it)).map((it) => ({ ...it, text: routeText(it) })),
    ...box.translations.filter((it) => !hasArrow(it)).map((it) => ({ ...it, text: wholeText(it) })),
    ...box.forwarding.map((it) => ({ ...it, text: `forwards ${it.family === 'ipv4' ? 'IPv4' : 'IPv6'}` })),
    ...box.notes,
    ...checksOf(box),
  ]
  const left = lines.slice(MOST_LINES)
  if (left.length < 2) return lines
  const more = { text: `and ${left.length} more`, pending: false, drifted: left.some(({ drifted }) => drifted) }
  return [...lines.slice(0, MOST_LINES), more]
}

/** Says what a picture is of. */
export const captionOf = ({ name, run }: Pick<Topology, 'name' | 'run'>): string =>
  run === null ? `workflow ${name}` : `run ${run.id} of ${name}: ${run.state}`

/** The words that stand beside what is drawn in another colour or stroke; empty for what is as it should be. */
export const stateOf = ({ drifted, failed, pending }: Marked): string =>
  drifted ? 'drifted' : failed ? 'failed' : pending ? 'pending' : ''

/** Puts the state of what a text tells behind it. */
export const withState = (text: string, line: Marked): string =>
  [text, stateOf(line) && `(${stateOf(line)})`].filter((word) => word !== '').join(' ')

/** Lists the addresses of a link as ip-address(8) writes them. */
export const addressLines = (link: Link): readonly Line[] =>
  link.addresses.map((it) => besides(link, it, it.peer === null ? it.address : `${it.address} peer ${it.peer}`))

/** Lists the words beside a link. */
export const noteLines = (link: Link): readonly Line[] => link.notes.map((it) => besides(link, it, it.text))

/** That something is pending goes without saying where its link is. */
function besides(link: Link, mark: Mark, text: string): Line {
  const shown = { ...mark, pending: mark.pending && !link.pending }
  return { ...mark, text: withState(text, shown) }
}

function wholeText(translation: Translation): string {
  const { link, kind } = translation
  return `${translationText(translation)}${link === null ? '' : ` ${kind === 'dnat' ? 'from' : 'out of'} ${link}`}`
}

/** Writes all checks of one kind on one line. */
function checksOf({ checks }: Box): readonly Line[] {
  const groups = grouped(checks, (it) => [`${it.by} ${stateOf(it)}`])
  return Array.from(groups.values(), (group) => {
    const targets = [...new Set(group.map(({ target }) => target))]
    return { ...group[0]!, text: `${group[0]!.by === 'ping' ? 'pings' : 'connects to'} ${targets.join(', ')}` }
  })
}
