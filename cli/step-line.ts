import type { Run, StepRecord } from '../core/run.ts'
import { row } from './rows.ts'
import { duration, type Paint, type Screen } from './terminal.ts'
import { cut, oneLine, padTo, widthOf } from './text.ts'

/** The line of a step; what people have to know, and what has no room in it, stands below. */
export const outcomeLines = (
  screen: Screen,
  run: Run,
  id: string,
  status: Shown,
  durationMs: number | undefined,
  detail: string,
): readonly string[] => fitted(screen, startOf(screen, run, id, status, durationMs), detail, TELLING.has(status))

/** A line of a table that ends in words: where it has no room for them it is cut, or they stand below as its `why`. */
export function fitted(screen: Screen, start: string, detail: string, isWhy: boolean): readonly string[] {
  const line = `${start}  ${oneLine(detail)}`.trimEnd()
  const fits = widthOf(line) <= screen.columns()
  return fits || !isWhy
    ? [cut(line, screen.columns())]
    : [cut(start.trimEnd(), screen.columns()), row(screen, 'why', detail)]
}

const TELLING: ReadonlySet<Shown> = new Set(['failed', 'undo failed', 'kept', 'gone', 'skipped', 'retried'])

/** What is said of a step: its status, or what it is at. */
export type Shown = StepRecord['status'] | 'waiting' | 'retried' | 'holds'

/** The mark of each state of a step, and its colour. */
export const marks: { readonly [status in Shown]: readonly [string, Paint] } = {
  pending: ['·', 'dim'],
  waiting: ['…', 'yellow'],
  planned: ['…', 'yellow'],
  applied: ['✓', 'green'],
  satisfied: ['=', 'dim'],
  holds: ['=', 'dim'],
  skipped: ['-', 'dim'],
  retried: ['…', 'yellow'],
  failed: ['✗', 'red'],
  undone: ['↶', 'green'],
  gone: ['=', 'dim'],
  'not ours': ['=', 'dim'],
  kept: ['=', 'yellow'],
  'undo failed': ['✗', 'red'],
}

/** A step as one line, with the words that a table of steps has; whole in a pipe, on a terminal cut to its width. */
export const stepLine = (
  screen: Screen,
  run: Run,
  id: string,
  status: Shown,
  durationMs: number | undefined,
  detail: string,
): string => fitted(screen, startOf(screen, run, id, status, durationMs), detail, false)[0]!

function startOf(screen: Screen, run: Run, id: string, status: Shown, durationMs: number | undefined): string {
  const took = (durationMs === undefined ? '' : duration(durationMs)).padStart(8)
  return `${markedStart(screen, marks[status], status.padEnd(11), run.started, id)} ${screen.paint('dim', took)}`
}

/** The beginning of a line in a table of steps: mark, word (as wide as its column) and step. */
export const markedStart = (
  { paint }: Screen,
  [mark, color]: readonly [string, Paint],
  word: string,
  started: Run['started'],
  id: string,
): string => `  ${paint(color, `${mark} ${word}`)} ${padTo(id, idWidth(started))}`

/** How wide the ids of a run's steps are, up to 30 columns; found once, for each line needs it. */
function idWidth(started: Run['started']): number {
  const width = widths.get(started) ?? started.steps.reduce((most, { id }) => Math.max(most, widthOf(id)), 0)
  widths.set(started, width)
  return Math.min(width, 30)
}

const widths = new WeakMap<Run['started'], number>()
