import { styleText } from 'node:util'
import { printable } from '../core/quote.ts'
import { liveLineOn } from './live-line.ts'
import { columnsOf, oneLine, padTo, widthOf } from './text.ts'

/** The options that every verb has. */
export interface GlobalOptions {
  readonly stateDir?: string
  readonly json?: boolean
  readonly color?: 'auto' | 'always' | 'never'
  readonly quiet?: boolean
  readonly verbose?: boolean
  /** Of the verbs that change the kernel. */
  readonly progress?: 'auto' | ProgressMode
}

/** How progress is told: lines of which the last is alive, plain lines, a JSON text a line, or not at all. */
export type ProgressMode = 'tty' | 'plain' | 'json' | 'none'

/** A colour or weight of text; what it says is always said in words too. */
export type Paint = 'green' | 'red' | 'yellow' | 'cyan' | 'dim' | 'bold'

/** What lines are made for. */
export interface Screen {
  readonly paint: (paint: Paint, text: string) => string
  /** How many columns a line may have now; Infinity where it goes to a file or a pipe. */
  readonly columns: () => number
}

/** Where a verb writes: results to stdout, progress to stderr. The terminal itself is the screen of its results. */
export interface Terminal extends Screen {
  /** A line of the result. */
  readonly out: (line: string) => void
  /** A line of progress; only where that is told in lines. */
  readonly tell: (line: string) => void
  /** Lines of progress for programs, as they are. */
  readonly report: (line: string) => void
  /** A line of progress at the bottom that whatever is written next replaces; only where `progress` is `tty`. */
  readonly live: (line: string) => void
  /** Takes the line at the bottom away. */
  readonly calm: () => void
  readonly progress: ProgressMode
  /** The screen of progress. */
  readonly aside: Screen
  readonly options: GlobalOptions
}

/**
 * Lets nsnet outlive whoever reads what it writes: a closed pipe (`nsnet log | head`) and a terminal that went away end
 * nothing, so that a run is never left half-way because of them. A result that could not be written for another reason (no
 * space left) makes the exit code 1.
 */
export function outliveReaders(): void {
  process.stderr.on('error', () => undefined)
  process.stdout.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
    if (!/^(EPIPE|EIO|ERR_STREAM_DESTROYED)$/.test(code)) process.exitCode ||= 1
  })
}

/**
 * Opens the terminal as the options say. Whatever a line says,
 * no control character reaches the terminal but line feeds, tabs and the colours of `paint`.
 */
export function terminalFor(options: GlobalOptions): Terminal {
  const { stdout, stderr } = process
  const progress = progressMode(options)
  const colored = wantsColor(options)
  const safe = (line: string): string => (colored ? printableButColors(line) : printable(line))
  const bottom = progress === 'tty' ? liveLineOn(stderr) : undefined
  const calm = (): void => {
    const sequence = bottom?.gone() ?? ''
    if (sequence !== '') stderr.write(sequence)
  }
  const paint = (color: Paint, text: string): string =>
    colored ? styleText(color, text, { validateStream: false }) : text
  return {
    out: (line) => {
      calm()
      stdout.write(`${options.json ? jsonSafe(line) : safe(line)}\n`)
    },
    tell: (line) => {
      if (progress === 'tty' || progress === 'plain') stderr.write(`${bottom?.gone() ?? ''}${safe(line)}\n`)
    },
    report: (line) => void stderr.write(`${jsonSafe(line)}\n`),
    live: (line) => bottom?.draw(safe(line)),
    calm,
    paint,
    columns: columnsFor(stdout),
    aside: { paint, columns: columnsFor(stderr) },
    progress,
    options,
  }
}

/** A terminal has its columns; a file or a pipe has none, unless `COLUMNS` is set for it, as for ls(1). */
const columnsFor = (stream: NodeJS.WriteStream) => () => {
  if (stream.isTTY) return columnsOf(stream)
  const asked = Number(process.env['COLUMNS'] ?? '')
  return Number.isInteger(asked) && asked >= 20 ? asked : Infinity
}

/** Chooses how progress is told: alive where somebody watches; a terminal is what `tty` needs in any case. */
function progressMode({ progress = 'auto', json, quiet }: GlobalOptions): ProgressMode {
  const { isTTY } = process.stderr
  if (progress === 'tty') return isTTY ? 'tty' : 'plain'
  if (progress !== 'auto') return progress
  if (json || quiet) return 'none'
  return isTTY && process.env['TERM'] !== 'dumb' ? 'tty' : 'plain'
}

const printableButColors = (line: string): string =>
  line
    .split(/(\x1b\[\d+m)/)
    .map((part, at) => (at % 2 === 1 ? part : printable(part)))
    .join('')

/** Escapes in a JSON text what JSON lets stand and some terminals obey. */
export const jsonSafe = (json: string): string =>
  json.replace(/[\x7f-\x9f]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)

/** Writes a document for programs. */
export const asJson = (value: unknown): string => JSON.stringify(value, null, 2)

/** Writes columns side by side, each as wide as its widest cell; control characters become visible. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const safe = rows.map((row) => row.map(oneLine))
  const widths = (safe[0] ?? []).map((_, at) => safe.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), 0))
  return safe.map((row) =>
    row
      .map((cell, at) => padTo(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Writes a duration in the unit that people read it in. */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
  return ms < 60_000
    ? `${(ms / 1000).toFixed(2)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

function wantsColor({ color = 'auto' }: GlobalOptions): boolean {
  if (color !== 'auto') return color === 'always'
  const { NO_COLOR, TERM } = process.env
  return !NO_COLOR && TERM !== 'dumb' && Boolean(process.stdout.isTTY && process.stderr.isTTY)
}
