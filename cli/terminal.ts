import { styleText } from 'node:util'
import { printable } from '../core/quote.ts'

/** The options that every verb has. */
export interface GlobalOptions {
  readonly stateDir?: string
  readonly json?: boolean
  readonly color?: 'auto' | 'always' | 'never'
  readonly quiet?: boolean
  readonly verbose?: boolean
}

/** A colour or weight of text; what it says is always said in words too. */
export type Paint = 'green' | 'red' | 'yellow' | 'cyan' | 'dim' | 'bold'

/** Where a verb writes: results to stdout, progress to stderr. */
export interface Terminal {
  /** A line of the result. */
  readonly out: (line: string) => void
  /** A line of progress; not with `--quiet`. */
  readonly tell: (line: string) => void
  /** A line of progress that the next one replaces; only where somebody watches. */
  readonly flash: (line: string) => void
  readonly paint: (paint: Paint, text: string) => string
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
  const live = process.stderr.isTTY && !options.json && !options.quiet && !options.verbose
  const colored = wantsColor(options)
  const safe = (line: string): string => (colored ? printableButColors(line) : printable(line))
  let flashed = false
  const clear = (): void => {
    if (flashed) process.stderr.write('\r\x1b[K')
    flashed = false
  }
  return {
    out: (line) => {
      clear()
      process.stdout.write(`${options.json ? jsonSafe(line) : safe(line)}\n`)
    },
    tell: (line) => {
      clear()
      if (!options.quiet && !options.json) process.stderr.write(`${safe(line)}\n`)
    },
    flash: (line) => {
      if (!live) return
      clear()
      process.stderr.write(
        safe(line)
          .replaceAll('\n', ' ⏎ ')
          .slice(0, process.stderr.columns - 1),
      )
      flashed = true
    },
    paint: (paint, text) => (colored ? styleText(paint, text, { validateStream: false }) : text),
    options,
  }
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
  const safe = rows.map((row) => row.map((cell) => printable(cell).replaceAll('\n', '⏎ ')))
  const widths = (safe[0] ?? []).map((_, at) => Math.max(...safe.map((row) => row[at]?.length ?? 0)))
  return safe.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
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
