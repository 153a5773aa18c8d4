import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { Entry } from '../core/events.ts'
import { broken, lineReader, linesIn } from './format.ts'
import { openPrivate } from './private.ts'

/** A journal that is read while others write it. */
export interface Tail {
  /** Reads what came since it was asked last, and nothing twice; a line that is not written to its end has to wait. */
  readonly next: () => Promise<readonly Entry[]>
  readonly close: () => Promise<void>
}

/** Opens a journal at its beginning to follow it. @throws JOURNAL_BROKEN (`next` too), STATE_DIR_UNSAFE */
export async function followJournal(path: string): Promise<Tail> {
  const file = await openPrivate(path, constants.O_RDONLY)
  const read = lineReader(path, undefined)
  let from = 0
  const tail: Tail = {
    next: async () => {
      const { size } = await file.stat()
      if (size < from) throw broken(path, `expected at least the ${from} bytes that were there, got ${size}`)
      const { entries, whole } = linesIn(await bytesOf(file, from, size), read)
      from += whole
      return entries
    },
    close: () => file.close(),
  }
  forgotten.register(tail, file)
  return tail
}

/** Closes the files of those who stopped reading and did not say so: where nobody does, Node prints warnings. */
const forgotten = new FinalizationRegistry<FileHandle>((file) => void file.close().catch(() => undefined))

async function bytesOf(file: FileHandle, from: number, to: number): Promise<Buffer> {
  if (to === from) return Buffer.alloc(0)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from)
  return buffer.subarray(0, bytesRead)
}
