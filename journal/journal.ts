import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { Entry, RunEvent } from '../core/events.ts'
import { lineOf, nextEntry, parseJournal, type Content } from './format.ts'
import { openPrivate } from './private.ts'

/** The history of one run, open for writing: an append-only file of JSON lines. */
export interface Journal {
  readonly path: string
  /** What was there when it was opened. */
  readonly entries: readonly Entry[]
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
  return journalOn(path, file, { entries: [], bytes: 0, torn: 0 })
}

async function openNew(path: string): Promise<FileHandle> {
  return await openPrivate(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    const id = basename(path, '.jsonl')
    throw new NsnetError('USAGE', `expected the id of a new run, but there is a run ${id} already`, `nsnet show ${id}`)
  })
}

/** Opens a journal to go on with it; a torn last line is cut off. @throws JOURNAL_BROKEN, JOURNAL_UNWRITABLE, STATE_DIR_UNSAFE */
export async function openJournal(path: string): Promise<Journal> {
  const file = await writable(path, () => openPrivate(path, O_RDWR | O_APPEND), goOn)
  try {
    const content = await contentOf(file, path)
    if (content.torn > 0) await writable(path, () => cutTo(file, content.bytes), goOn)
    return journalOn(path, file, content)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Reads a journal and changes nothing. @throws RUN_NOT_FOUND when it is gone, JOURNAL_BROKEN, STATE_DIR_UNSAFE */
export async function readJournal(path: string): Promise<Content> {
  const file = await openPrivate(path, O_RDONLY).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? goneMeanwhile(path) : error
  })
  return await contentOf(file, path).finally(() => file.close())
}

const goneMeanwhile = (path: string): NsnetError =>
  new NsnetError('RUN_NOT_FOUND', `expected the journal ${path}, which is gone now`, 'nsnet list shows all runs')

/** The largest journal that is read, in bytes: a run of 100,000 steps, undone and run again some times. */
const MAX_BYTES = 1024 ** 3

async function contentOf(file: FileHandle, path: string): Promise<Content> {
  const { size } = await file.stat()
  if (size <= MAX_BYTES) return parseJournal(await file.readFile(), path)
  throw new NsnetError('JOURNAL_BROKEN', `${path}: expected at most ${MAX_BYTES} bytes, got ${size}`, 'move it away')
}

function journalOn(path: string, file: FileHandle, { entries, bytes, torn }: Content): Journal {
  let last = entries.at(-1)
  let size = bytes
  return {
    path,
    entries,
    torn,
    append: async (events) => {
      const added = entriesAfter(last, events)
      size = await writable(path, () => appendText(file, added.map(lineOf).join(''), size), last ? goOn : begin)
      last = added.at(-1) ?? last
      return added
    },
    close: () => file.close(),
  }
}

function entriesAfter(last: Entry | undefined, events: readonly RunEvent[]): readonly Entry[] {
  const at = new Date()
  const entries: Entry[] = []
  for (const event of events) entries.push(nextEntry(entries.at(-1) ?? last, event, at))
  return entries
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
