import { fstatSync, readdirSync, type Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { Entry, RunStarted } from '../core/events.ts'
import type { Moment } from '../core/moment.ts'
import { openJournal, type Journal } from './journal.ts'
import { folding, type Folded } from './moments.ts'
import { nothing, readEntries, readFirst, reading, type Extent, type Take } from './reading.ts'

/** The journals of a directory, as they are read: none is read again without need. */
export interface Journals {
  readonly path: (id: string) => string
  /** Opens a run's journal to go on with it. @throws RUN_NOT_FOUND when it holds nothing, JOURNAL_BROKEN, JOURNAL_UNWRITABLE */
  readonly open: (id: string) => Promise<Opened>
  /** Reads a run's journal, its entries as they come, and changes nothing. @throws RUN_NOT_FOUND, JOURNAL_BROKEN */
  readonly read: (id: string, take: Take) => Promise<void>
  /** Reads all entries of a run's journal; a long one takes much memory. @throws RUN_NOT_FOUND when it holds nothing, JOURNAL_BROKEN */
  readonly entries: (id: string) => Promise<readonly Entry[]>
  /** Reads where a run stands. @throws RUN_NOT_FOUND when its journal holds nothing, JOURNAL_BROKEN */
  readonly fold: (id: string) => Promise<Folded>
  /** Reads the first entry of a run, and nothing more. @throws RUN_NOT_FOUND when its journal holds nothing, JOURNAL_BROKEN */
  readonly first: (id: string) => Promise<Entry>
  /** Reads how a run began, where nothing of it was read before; the facts may be those of a later boot. @throws as `first` */
  readonly started: (id: string) => Promise<RunStarted>
  /** Forgets what was read of a run that is deleted. */
  readonly forget: (id: string) => void
}

/** A run whose journal is open, and where it stands. */
export interface Opened {
  readonly journal: Journal
  readonly moment: Moment
}

/** What is remembered of the longest journal that was read: who looks for a run and then works on it would read it twice. */
interface Known {
  readonly id: string
  readonly size: number
  readonly mtimeMs: number
  readonly extent: Extent
  readonly folded: Folded
}

/** Lists the ids of the runs that have a journal in a directory. */
export const idsIn = (runs: string): readonly string[] =>
  readdirSync(runs).flatMap((name) => (name.endsWith('.jsonl') ? [name.slice(0, -6)] : []))

/** Reads the journals of a directory. */
export function journalsIn(runs: string): Journals {
  const path = (id: string): string => join(runs, `${id}.jsonl`)
  // nobody changes a line that is there, and the first one may be long
  const beginnings = new Map<string, Extent>()
  const beginning = (id: string): Extent => beginnings.get(id) ?? nothing
  let known: Known | undefined
  const understand = (id: string, file: FileHandle): Known => {
    const { size, mtimeMs } = fstatSync(file.fd)
    if (known && isSame(known, id, { size, mtimeMs })) return known
    const { take, folded } = folding()
    const extent = readEntries(file, path(id), take, beginning(id))
    const understood = { id, size, mtimeMs, extent, folded: expectSome(folded(), id) }
    if (!known || known.id === id || known.size < size) known = understood
    return understood
  }
  const first = async (id: string): Promise<Entry> => {
    const begun = beginnings.get(id) ?? (await reading(path(id), (file) => readFirst(file, path(id))))
    beginnings.set(id, begun)
    return expectSome(begun.last, id)
  }
  return {
    path,
    open: async (id) => {
      const { journal, read } = await openJournal(path(id), (file) => understand(id, file))
      // whoever goes on with it changes it
      known = known?.id === id ? undefined : known
      return { journal, moment: read.folded.moment }
    },
    read: async (id, take) =>
      void (await reading(path(id), (file) => readEntries(file, path(id), take, beginning(id)))),
    entries: async (id) => {
      const all: Entry[] = []
      await reading(path(id), (file) => readEntries(file, path(id), (some) => void all.push(...some), beginning(id)))
      return expectSome(all[0] && all, id)
    },
    fold: async (id) => (await reading(path(id), (file) => understand(id, file))).folded,
    first,
    started: async (id) =>
      known?.id === id ? known.folded.moment.run.started : ((await first(id)).event as RunStarted),
    forget: (id) => {
      beginnings.delete(id)
      known = known?.id === id ? undefined : known
    },
  }
}

const isSame = (known: Known, id: string, { size, mtimeMs }: Pick<Stats, 'size' | 'mtimeMs'>): boolean =>
  known.id === id && known.size === size && known.mtimeMs === mtimeMs

function expectSome<T>(it: T | undefined, id: string): T {
  if (it !== undefined) return it
  throw new NsnetError('RUN_NOT_FOUND', `the journal of run ${id} holds nothing yet`)
}
