import { createHash } from 'node:crypto'
import type { Entry, RunEvent } from '../core/events.ts'
import { NsnetError } from '../core/errors.ts'

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
  return { ...body, sum: sumOf(last?.sum ?? START, body) }
}

/** Writes an entry as its line. */
export const lineOf = (entry: Entry): string => `${JSON.stringify(entry)}\n`

/**
 * Reads a journal. Bytes after the last line feed are the torn tail of a write that never returned: no effect followed
 * it, so they count for nothing.
 *
 * @throws JOURNAL_BROKEN with the line, when a whole line is not what was written
 */
export function parseJournal(bytes: Buffer, path: string): Content {
  const whole = bytes.lastIndexOf(0x0a) + 1
  const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1)
  const entries: Entry[] = []
  for (const [at, line] of lines.entries()) entries.push(parseLine(line, entries.at(-1), `${path}:${at + 1}`))
  return { entries, bytes: whole, torn: bytes.length - whole }
}

function parseLine(line: string, last: Entry | undefined, place: string): Entry {
  const entry = parsed(line)
  if (!entry) throw broken(place, 'expected a JSON object, got something else')
  if (entry.v !== 1)
    throw broken(place, `expected format version 1, got ${JSON.stringify(entry.v)}; a newer nsnet wrote it`)
  const { sum, ...body } = entry
  const expected = sumOf(last?.sum ?? START, body)
  if (sum !== expected) throw broken(place, `expected the check sum ${expected}, got ${JSON.stringify(sum)}`)
  if (entry.seq !== (last?.seq ?? 0) + 1)
    throw broken(place, `expected number ${(last?.seq ?? 0) + 1}, got ${entry.seq}`)
  return entry
}

function parsed(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Entry) : undefined
  } catch {
    return undefined
  }
}

function broken(place: string, what: string): NsnetError {
  const hint = 'the file was changed after it was written; restore it from a copy, or undo by hand what it lists'
  return new NsnetError('JOURNAL_BROKEN', `${place}: ${what}`, hint)
}

function sumOf(before: string, body: Omit<Entry, 'sum'>): string {
  return createHash('sha256').update(before).update(JSON.stringify(body)).digest('hex').slice(0, 16)
}
