import type { FileHandle } from 'node:fs/promises'
import { NsnetError } from '../core/errors.ts'
import type { Entry } from '../core/events.ts'
import { linesIn, lineReader } from './format.ts'

/** Takes entries as they are read, some hundred at a time, in their order. */
export type Take = (entries: readonly Entry[]) => void

/** How far a journal was read. */
export interface Extent {
  readonly last: Entry | undefined
  /** Bytes of the whole lines; more than that is a torn tail. */
  readonly bytes: number
  /** Bytes of a last line that was not written to its end. */
  readonly torn: number
}

/** The extent of a journal that holds nothing. */
export const nothing: Extent = { last: undefined, bytes: 0, torn: 0 }

/** The largest journal that is read, in bytes: a run of 100,000 steps, undone and run again some times. */
const MAX_BYTES = 1024 ** 3

/** Bytes that are read at once; more where a line is longer. */
const CHUNK = 1 << 20

/**
 * Reads a journal, which is never in memory as a whole: from its beginning, or where its first line was read before, from
 * there on.
 *
 * @throws JOURNAL_BROKEN
 */
export async function readEntries(file: FileHandle, path: string, take: Take, first: Extent): Promise<Extent> {
  const size = await sizeOf(file, path)
  const read = lineReader(path, first.last)
  if (first.last) take([first.last])
  let [buffer, held, extent] = [Buffer.allocUnsafe(Math.min(size - first.bytes, CHUNK)), 0, first]
  for (let from = first.bytes; from < size;) {
    if (held === buffer.length) buffer = Buffer.concat([buffer], 2 * held)
    const { bytesRead } = await file.read(buffer, held, buffer.length - held, from)
    if (bytesRead === 0) break
    from += bytesRead
    const { entries, whole } = linesIn(buffer.subarray(0, held + bytesRead), read)
    held = held + bytesRead - whole
    buffer.copyWithin(0, whole, whole + held)
    extent = { last: entries.at(-1) ?? extent.last, bytes: extent.bytes + whole, torn: held }
    if (entries.length > 0) take(entries)
  }
  return extent
}

/** Reads the first line of a journal alone. @throws JOURNAL_BROKEN */
export async function readFirst(file: FileHandle, path: string): Promise<Extent> {
  const all = await sizeOf(file, path)
  for (let size = Math.min(all, FIRST); ; size = Math.min(all, size * 4)) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, 0)
    const end = buffer.subarray(0, bytesRead).indexOf(0x0a)
    if (end !== -1) return { last: lineReader(path, undefined)(buffer.subarray(0, end)), bytes: end + 1, torn: 0 }
    if (size === all) return nothing
  }
}

/** Bytes that are read for the first line; where it is longer, more. */
const FIRST = 1 << 16

async function sizeOf(file: FileHandle, path: string): Promise<number> {
  const { size } = await file.stat()
  if (size <= MAX_BYTES) return size
  throw new NsnetError('JOURNAL_BROKEN', `${path}: expected at most ${MAX_BYTES} bytes, got ${size}`, 'move it away')
}
