import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { Entry, RunEvent } from '../core/events.ts'
import { nextLine, type Line } from './format.ts'
import { openPrivate } from './private.ts'
import { nothing, type Extent } from './reading.ts'
import { whyNot } from '../core/why-not.ts'

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
 * Opens a journal to go on with it, and gives what `read` finds out of it; a torn last line is cut off.
 *
 * @throws JOURNAL_BROKEN, JOURNAL_UNWRITABLE, STATE_DIR_UNSAFE, and what `read` throws
 */
export async function openJournal<T extends { readonly extent: Extent }>(
  path: string,
  read: (file: FileHandle) => T,
): Promise<{ readonly journal: Journal; readonly read: T }> {
  const file = await writable(path, () => openPrivate(path, O_RDWR | O_APPEND), goOn)
  try {
    const found = read(file)
    const { torn, bytes } = found.extent
    if (torn > 0) await writable(path, () => cutTo(file, bytes), goOn)
    return { journal: journalOn(path, file, found.extent), read: found }
  } catch (error) {
    await file.close()
    throw error
  }
}

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
    const message = `cannot write the journal ${path}: ${whyNot(error)}`
    throw new NsnetError('JOURNAL_UNWRITABLE', message, hint, { cause: error })
  }
}
