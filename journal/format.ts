import { isAscii } from 'node:buffer'
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Entry, RunEvent } from '../core/events.ts'
import { NsnetError } from '../core/errors.ts'
import { got } from '../core/problems.ts'
import { senseMistake } from './sense.ts'
import { shapeMistake } from './shape.ts'

/** Sum of the line before the first one. */
const START = '0'.repeat(16)

/** An entry, and the line that holds it, with the line feed. */
export interface Line {
  readonly entry: Entry
  readonly text: string
}

/** Makes the line that follows an entry (undefined at the beginning of a journal). */
export function nextLine(last: Entry | undefined, event: RunEvent, at: Date): Line {
  const body = { v: 1, seq: (last?.seq ?? 0) + 1, at: at.toISOString(), event } as const
  const text = JSON.stringify(body).slice(0, -1)
  const sum = sumOf(last, text)
  return { entry: { ...body, sum }, text: `${text}${tailOf(sum)}\n` }
}

/**
 * Reads the whole lines of a piece of a journal; `whole` counts their bytes. Bytes after the last line feed are the torn tail
 * of a write that never returned: no effect followed it, so they count for nothing.
 *
 * @throws JOURNAL_BROKEN with the line, when a whole line is not what was written, or its event makes no sense
 */
export function linesIn(
  bytes: Buffer,
  read: LineReader,
): { readonly entries: readonly Entry[]; readonly whole: number } {
  const whole = bytes.lastIndexOf(0x0a) + 1
  const entries: Entry[] = []
  for (let from = 0; from < whole;) {
    const end = bytes.indexOf(0x0a, from)
    entries.push(read(bytes.subarray(from, end)))
    from = end + 1
  }
  return { entries, whole }
}

/** Reads the next line of a journal. @throws JOURNAL_BROKEN */
export type LineReader = (line: Buffer) => Entry

/**
 * Makes the reader of a journal's lines, each of which is checked against those before it: from the first one on, or behind
 * it when it was read before.
 */
export function lineReader(path: string, first: Entry | undefined): LineReader {
  let last = first
  const steps = new Set(first?.event.type === 'RunStarted' ? first.event.steps.map(({ id }) => id) : [])
  return (line) => {
    const place = `${path}:${(last?.seq ?? 0) + 1}`
    const entry = parseLine(line, last, place)
    const mistake = shapeMistake(entry) ?? senseMistake(entry, steps, basename(path, '.jsonl'))
    if (mistake !== undefined) throw broken(place, mistake)
    last = entry
    return entry
  }
}

function parseLine(line: Buffer, last: Entry | undefined, place: string): Entry {
  const entry = parsed(line)
  if (!entry) throw broken(place, 'expected a JSON object, got something else')
  if (entry.v !== 1) throw broken(place, `expected format version 1, got ${got(entry.v)}; a newer nsnet wrote it`)
  const expected = sumOf(last, line.subarray(0, -TAIL))
  if (line.toString('latin1', Math.max(0, line.length - TAIL)) !== tailOf(expected))
    throw broken(place, `expected the check sum ${expected}, got ${got(entry.sum)}`)
  if (entry.seq !== (last?.seq ?? 0) + 1)
    throw broken(place, `expected number ${(last?.seq ?? 0) + 1}, got ${got(entry.seq)}`)
  return entry
}

function parsed(line: Buffer): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line.toString(isAscii(line) ? 'latin1' : 'utf8'))
    return typeof value === 'object' && value !== null ? (value as Entry) : undefined
  } catch {
    return undefined
  }
}

/** Refuses a journal that is not as it was written. */
export function broken(place: string, what: string): NsnetError {
  const hint = 'the file was changed after it was written; restore it from a copy, or undo by hand what it lists'
  return new NsnetError('JOURNAL_BROKEN', `${place}: ${what}`, hint)
}

/** Sums up a line that follows another, without its own sum and the brace after it. */
function sumOf(last: Entry | undefined, line: string | Buffer): string {
  const hash = createHash('sha256')
    .update(last?.sum ?? START)
    .update(line)
    .update('}')
  return hash.digest('hex').slice(0, START.length)
}

/** Writes the end of a line, which has its sum. */
const tailOf = (sum: string): string => `,"sum":"${sum}"}`

const TAIL = tailOf(START).length
