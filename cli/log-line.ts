import type { Command } from '../core/command.ts'
import type { Entry } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import { noteOf, wordsOf } from './event-words.ts'
import { plainValue } from './plain-value.ts'
import { commandRows, row } from './rows.ts'
import { duration, type Screen } from './terminal.ts'
import { cut, oneLine } from './text.ts'
import { since } from './times.ts'

/**
 * Writes an event as a line: number, time in UTC, time since the start, what happened, step, note. On a terminal the time is
 * that of the day to the second, since the day is above, and the line is cut to its width; in a pipe both are whole.
 */
export function logLine({ columns }: Screen, { seq, at, event }: Entry, startedAt: string): string {
  const passed = since(Date.parse(at) - Date.parse(startedAt)).padStart(9)
  const time = columns() === Infinity ? at : at.slice(11, 19)
  const about = ['step' in event ? event.step : '', noteOf(event)].filter(Boolean).join(': ')
  return cut(
    `${`${seq}`.padStart(4)}  ${time}${passed}  ${wordsOf(event).padEnd(15)}  ${oneLine(about)}`.trimEnd(),
    columns(),
  )
}

/** The line of a day, above its events; where the lines have it themselves, none. */
export function dayLine(screen: Screen, { at }: Entry, before: Entry | undefined): readonly string[] {
  const day = at.slice(0, 10)
  if (screen.columns() === Infinity || before?.at.slice(0, 10) === day) return []
  return [screen.paint('dim', `      ${day}, times in UTC`)]
}

/** Writes everything that an event holds, a field a row. */
export const eventRows = (screen: Screen, { event }: Entry): readonly string[] =>
  Object.entries(event).flatMap(([name, value]) =>
    name === 'type' || name === 'step' ? [] : fieldRows(screen, name, value as Json),
  )

function fieldRows(screen: Screen, name: string, value: Json): readonly string[] {
  if (name === 'durationMs') return [row(screen, 'took', duration(Number(value)))]
  if (PARTED.has(name))
    return Object.entries(value as object).flatMap(([part, inner]) => fieldRows(screen, part, inner as Json))
  const commands = isCommand(value) ? [value] : Array.isArray(value) && value.every(isCommand) ? value : undefined
  if (commands) return commandRows(screen, name, commands)
  return value === '' ? [] : [row(screen, name, typeof value === 'string' ? value : plainValue(value))]
}

/** Fields that are written a part a row. */
const PARTED: ReadonlySet<string> = new Set(['failure', 'output', 'workflow'])

const isCommand = (value: unknown): value is Command => Array.isArray((value as Partial<Command> | null)?.argv)
