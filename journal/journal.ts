import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { Entry, RunEvent } from '../core/events.ts'
import { nextLine, type Line } from './format.ts'
import { openPrivate } from './private.ts'
import { nothing, readEntries, readFirst, type Extent, type Take } from './reading.ts'

/** The history of one run, open for writing: an append-only file of JSON lines. */
export interface Journal {
  readonly path: string
  /** Bytes of a torn last line that were cut off when it was opened. */
  readonly torn: number
  /** Adds events by one write; they are on disk (fdatasync) when this resolves, or none is. @throws JOURNAL_UNWRITABLE */
  readonly append: (events: readonly RunEvent[]) => Promise<readonly Entry[]>
  readonly close: () => Promise<void>
}

const { O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_RDONLY } = constants

/** Begins a journal: a new file of mode 0600, whose name is on disk when this resolves. @throws JOURNAL_UNWRITABLE, USAGE when it is there already */
export async function createJournal(path: string): Promise<Journal> {
  const file = await writable(path, () => openNew(path), begin)
  await writable(path, () => syncDirectory(dirname(path)), begin)
  return journalOn(path, file, nothing)
}

async function openNew(path: string): Promise<FileHandle> {
  return await openPrivate(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    const id = basename(path, '.jsonl')
    throw new NsnetError('USAGE', `expected the id of a new run, but there is a run ${id} already`, `nsnet show ${id}`)
  })
}

/**
 * Opens a journal to go on with it, and gives what is there to `take`; a torn last line is cut off. `first` is what was read
 * of it before.
 *
 * @throws JOURNAL_BROKEN, JOURNAL_UNWRITABLE, STATE_DIR_UNSAFE
 */
export async function openJournal(path: string, take: Take, first: Extent): Promise<Journal> {
  const file = await writable(path, () => openPrivate(path, O_RDWR | O_APPEND), goOn)
  try {
    const extent = await readEntries(file, path, take, first)
    if (extent.torn > 0) await writable(path, () => cutTo(file, extent.bytes), goOn)
    return journalOn(path, file, extent)
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Reads a journal, gives its entries to `take`, and changes nothing. `first` is what was read of it before.
 *
 * @throws RUN_NOT_FOUND when it is gone, JOURNAL_BROKEN, STATE_DIR_UNSAFE
 */
export const readJournal = (path: string, take: Take, first: Extent): Promise<Extent> =>
  reading(path, (file) => readEntries(file, path, take, first))

/** Reads the first line of a journal alone. @throws as `readJournal` does */
export const beginningOf = (path: string): Promise<Extent> => reading(path, (file) => readFirst(file, path))

async function reading<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openPrivate(path, O_RDONLY).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? goneMeanwhile(path) : error
  })
  return await read(file).finally(() => file.close())
}

const goneMeanwhile = (path: string): NsnetError =>
  new NsnetError('RUN_NOT_FOUND', `expected the journal ${path}, which is gone now`, 'nsnet list shows all runs')

function journalOn(path: string, file: FileHandle, extent: Extent): Journal {
  let { last, bytes } = extent
  return {
    path,
    torn: extent.torn,
    append: async (events) => {
      const lines = linesAfter(last, events)
      const text = lines.map((line) => line.text).join('')
      bytes = await writable(path, () => appendText(file, text, bytes), last ? goOn : begin)
      const entries = lines.map(({ entry }) => entry)
      last = entries.at(-1) ?? last
      return entries
    },
    close: () => file.close(),
  }
}

function linesAfter(last: Entry | undefined, events: readonly RunEvent[]): readonly Line[] {
  const at = new Date()
  const lines: Line[] = []
  for (const event of events) lines.push(nextLine(lines.at(-1)?.entry ?? last, event, at))
  return lines
}

async function appendText(file: FileHandle, text: string, size: number): Promise<number> {
  try {
    await file.appendFile(text)
    await file.datasync()
    return size + Buffer.byteLength(text)
  } catch (error) {
    await cutTo(file, size).catch(() => undefined)
    throw error
  }
}

async function cutTo(file: FileHandle, bytes: number): Promise<void> {
  await file.truncate(bytes)
  await file.datasync()
}

/** Waits until what a directory lists is on disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, O_RDONLY)
  await directory.sync().finally(() => directory.close())
}

const begin = 'nothing was changed; make room or mend the disk, then run it again'

const goOn =
  'nothing was changed after the last journaled event; make room or mend the disk, then: nsnet resume, or nsnet undo'

async function writable<T>(path: string, write: () => Promise<T>, hint: string): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof NsnetError) throw error
    const message = `cannot write the journal ${path}: ${(error as Error).message}`
    throw new NsnetError('JOURNAL_UNWRITABLE', message, hint, { cause: error })
  }
}
