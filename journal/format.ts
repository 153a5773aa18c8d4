import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Entry, RunEvent } from '../core/events.ts'
import { NsnetError } from '../core/errors.ts'
import { got } from '../core/problems.ts'
import { senseMistake } from './sense.ts'
import { shapeMistake } from './shape.ts'

/** What a journal holds, and what was cut off its end. */
export interface Content {
  readonly entries: readonly Entry[]
  /** Bytes of the whole lines; more than that is a torn tail. */
  readonly bytes: number
  /** Bytes of a last line that was not written to its end. */
  readonly torn: number
}

/** Sum of the line before the first one. */
const START = '0'.repeat(16)

/** Makes the line that follows an entry (undefined at the beginning of a journal). */
export function nextEntry(last: Entry | undefined, event: RunEvent, at: Date): Entry {
  const body = { v: 1, seq: (last?.seq ?? 0) + 1, at: at.toISOString(), event } as const
  return { ...body, sum: sumOf(last, JSON.stringify(body).slice(0, -1)) }
}

/** Writes an entry as its line. */
export const lineOf = (entry: Entry): string => `${JSON.stringify(entry)}\n`

/**
 * Reads a journal. Bytes after the last line feed are the torn tail of a write that never returned: no effect followed
 * it, so they count for nothing.
 *
 * @throws JOURNAL_BROKEN with the line, when a whole line is not what was written, or its event makes no sense
 */
export function parseJournal(bytes: Buffer, path: string): Content {
  const { entries, whole } = linesIn(bytes, lineReader(path))
  return { entries, bytes: whole, torn: bytes.length - whole }
}

/** Reads the whole lines of a piece of a journal; `whole` counts their bytes. @throws JOURNAL_BROKEN */
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

/** Makes the reader of a journal's lines from the first one on, each of which is checked against those before it. */
export function lineReader(path: string): LineReader {
  let last: Entry | undefined
  const steps = new Set<string>()
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
  if (!line.subarray(-TAIL).equals(Buffer.from(tailOf(expected))))
    throw broken(place, `expected the check sum ${expected}, got ${got(entry.sum)}`)
  if (entry.seq !== (last?.seq ?? 0) + 1)
    throw broken(place, `expected number ${(last?.seq ?? 0) + 1}, got ${got(entry.seq)}`)
  return entry
}

function parsed(line: Buffer): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line.toString())
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
