import { constants, fstatSync, readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { NsnetError } from '../core/errors.ts'
import type { Entry } from '../core/events.ts'
import { expectMuch, MUCH } from '../core/heap.ts'
import { linesIn, lineReader } from './format.ts'
import { openPrivate } from './private.ts'

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

/** Bytes that are read at once (a quarter of a megabyte); more where a line is longer. */
const CHUNK = 1 << 18

/**
 * Reads a journal, which is never in memory as a whole: from its beginning, or where its first line was read before (and is
 * still there), from there on. Nothing else is done meanwhile: waiting for each piece would cost more than reading it.
 *
 * @throws JOURNAL_BROKEN
 */
export function readEntries({ fd }: FileHandle, path: string, take: Take, before: Extent): Extent {
  const size = sizeOf(fd, path)
  if (size > MUCH) expectMuch()
  const first = before.bytes <= size ? before : nothing
  const read = lineReader(path, first.last)
  if (first.last) take([first.last])
  let [buffer, held, extent] = [Buffer.allocUnsafe(Math.min(size - first.bytes, CHUNK)), 0, first]
  for (let from = first.bytes; from < size;) {
    if (held === buffer.length) buffer = Buffer.concat([buffer], 2 * held)
    const came = readSync(fd, buffer, held, buffer.length - held, from)
    if (came === 0) break
    from += came
    const { entries, whole } = linesIn(buffer.subarray(0, held + came), read)
    held = held + came - whole
    buffer.copyWithin(0, whole, whole + held)
    extent = { last: entries.at(-1) ?? extent.last, bytes: extent.bytes + whole, torn: held }
    if (entries.length > 0) take(entries)
  }
  return extent
}

/** Reads the first line of a journal alone. @throws JOURNAL_BROKEN */
export function readFirst({ fd }: FileHandle, path: string): Extent {
  const size = sizeOf(fd, path)
  let [buffer, held] = [Buffer.allocUnsafe(Math.min(size, FIRST)), 0]
  for (;;) {
    const came = readSync(fd, buffer, held, buffer.length - held, held)
    const end = buffer.subarray(0, held + came).indexOf(0x0a, held)
    held += came
    if (end !== -1) return { last: lineReader(path, undefined)(buffer.subarray(0, end)), bytes: end + 1, torn: 0 }
    if (came === 0 || held === size) return nothing
    if (held === buffer.length) buffer = Buffer.concat([buffer], Math.min(size, 2 * held))
  }
}

/** Bytes that are read for the first line; where it is longer, more. */
const FIRST = 1 << 16

/** Opens a journal to read it. @throws RUN_NOT_FOUND when it is gone, STATE_DIR_UNSAFE, and what `read` throws */
export async function reading<T>(path: string, read: (file: FileHandle) => T): Promise<T> {
  const file = await openPrivate(path, constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? goneMeanwhile(path) : error
  })
  try {
    return read(file)
  } finally {
    await file.close()
  }
}

const goneMeanwhile = (path: string): NsnetError =>
  new NsnetError('RUN_NOT_FOUND', `expected the journal ${path}, which is gone now`, 'nsnet list shows all runs')

function sizeOf(fd: number, path: string): number {
  const { size } = fstatSync(fd)
  if (size <= MAX_BYTES) return size
  throw new NsnetError('JOURNAL_BROKEN', `${path}: expected at most ${MAX_BYTES} bytes, got ${size}`, 'move it away')
}
