import { customAlphabet } from 'nanoid'
import { constants, existsSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Claim } from '../core/claims.ts'
import { NsnetError } from '../core/errors.ts'
import type { Entry, RunStarted } from '../core/events.ts'
import type { Moment } from '../core/machine.ts'
import { listed } from '../core/problems.ts'
import type { Summary } from './index.ts'
import { beginningOf, createJournal, openJournal, readJournal, type Journal } from './journal.ts'
import { liveClaims } from './live-claims.ts'
import { acquire, isHeld, takeTurn, type Lock } from './lock.ts'
import { foldJournal, folding, type Folded } from './moments.ts'
import { expectPrivate, openPrivate, privateDirectory } from './private.ts'
import { removeRun } from './remove.ts'
import { nothing, type Extent, type Take } from './reading.ts'
import { readSent, writeSent, type Sent } from './sent.ts'
import { idsIn, indexed, refreshed, workOf } from './summaries.ts'
import { followJournal, type Tail } from './tail.ts'

/** The directory of runs. */
export interface Store {
  readonly dir: string
  /** Summaries of all runs, the latest first; without one (none of them when absent), which may be at work. */
  readonly list: (but?: string) => Promise<readonly Summary[]>
  /** Finds a run by its id, a unique prefix, or `last`. @throws RUN_NOT_FOUND, RUN_AMBIGUOUS */
  readonly find: (name: string) => Promise<Pick<Summary, 'id'>>
  /** Begins the journal of a new run. @throws JOURNAL_UNWRITABLE */
  readonly create: (id: string) => Promise<Journal>
  /** Opens a run's journal to go on with it. @throws RUN_NOT_FOUND when it holds nothing, JOURNAL_BROKEN, JOURNAL_UNWRITABLE */
  readonly open: (id: string) => Promise<Opened>
  /** Reads a run's journal, its entries as they come, and changes nothing. @throws RUN_NOT_FOUND, JOURNAL_BROKEN */
  readonly read: (id: string, take: Take) => Promise<void>
  /** Reads all entries of a run's journal; a long one takes much memory. @throws RUN_NOT_FOUND when it holds nothing, JOURNAL_BROKEN */
  readonly entries: (id: string) => Promise<readonly Entry[]>
  /** Reads where a run stands. @throws RUN_NOT_FOUND when its journal holds nothing, JOURNAL_BROKEN */
  readonly fold: (id: string) => Promise<Folded>
  /** Reads how a run began, and nothing more of its journal. @throws RUN_NOT_FOUND when that holds nothing, JOURNAL_BROKEN */
  readonly started: (id: string) => Promise<RunStarted>
  /** Follows a run's journal from its beginning. @throws JOURNAL_BROKEN */
  readonly follow: (id: string) => Promise<Tail>
  /** Takes the lock of what a run does: the same workflow with the same inputs is worked on by one nsnet at a time. */
  readonly lock: (started: RunStarted, holder: string, wait: boolean) => Promise<Lock>
  /** Says whether two runs do the same, so that they have one lock. */
  readonly isSameWork: (a: RunStarted, b: RunStarted) => boolean
  /** Waits for a turn at the kernel: many set up at once (`shared`), who undoes is `alone`. */
  readonly turn: (how: 'shared' | 'alone') => Promise<Lock>
  /** Lists what live runs of this boot claim in the same netns, without those of one run. */
  readonly claims: (but: RunStarted) => Promise<readonly Claim[]>
  /** Says whether some nsnet is at work on a run. */
  readonly isBusy: (run: Pick<Summary, 'work'>) => Promise<boolean>
  readonly journalPath: (id: string) => string
  /** What spans of a run were sent, and where to. */
  readonly sent: (id: string) => Promise<Sent>
  readonly noteSent: (id: string, sent: Sent) => Promise<void>
  /** Deletes the journal of a run; whoever calls holds the lock of what the run does. @throws JOURNAL_UNWRITABLE */
  readonly remove: (id: string) => Promise<void>
  /** Opens the debug log of a run to add to it. @throws STATE_DIR_UNSAFE */
  readonly openLog: (id: string) => Promise<FileHandle>
}

/** A run whose journal is open, and where it stands. */
export interface Opened {
  readonly journal: Journal
  readonly moment: Moment
}

const { O_WRONLY, O_APPEND, O_CREAT } = constants

/** Makes the id of a run: eight letters and digits, none that look alike, the first a letter. */
export const newRunId = (): string => letter() + rest()

/** Says where runs are kept: `/var/lib/nsnet` for root, else `$XDG_STATE_HOME/nsnet` or `~/.local/state/nsnet`. */
export function defaultStateDir(env: NodeJS.ProcessEnv): string {
  if (env['NSNET_STATE_DIR']) return env['NSNET_STATE_DIR']
  if (process.getuid?.() === 0) return '/var/lib/nsnet'
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'nsnet')
}

/**
 * Opens the directory of runs. Where it is missing it is made, readable for its owner only, once something is to be kept in
 * it: who looks leaves nothing behind.
 *
 * @throws STATE_DIR_UNSAFE (what makes it, too)
 */
export async function openStore(dir: string): Promise<Store> {
  const runs = join(dir, 'runs')
  const locks = join(dir, 'locks')
  const parts = [dir, runs, locks]
  for (const path of parts) await expectPrivate(path)
  const making = async (): Promise<void> => {
    for (const path of parts) await privateDirectory(path)
  }
  const journalPath = (id: string): string => join(runs, `${id}.jsonl`)
  // nobody changes a line that is there: the first one, which may be long, is read once
  const beginnings = new Map<string, Extent>()
  const beginning = (id: string): Extent => beginnings.get(id) ?? nothing
  const list = async (but?: string): Promise<readonly Summary[]> =>
    existsSync(runs) ? await refreshed(dir, runs, but) : []
  return {
    dir,
    list,
    find: async (name) =>
      name === 'last' ? latestOf(await list()) : { id: oneOf(name, existsSync(runs) ? idsIn(runs) : []) },
    create: async (id) => {
      await making()
      return await createJournal(journalPath(id))
    },
    open: async (id) => {
      const { take, folded } = folding()
      const journal = await openJournal(journalPath(id), take, beginning(id))
      const now = folded()
      if (!now) await journal.close()
      return { journal, moment: expectSome(now, id).moment }
    },
    read: async (id, take) => void (await readJournal(journalPath(id), take, beginning(id))),
    entries: async (id) => {
      const all: Entry[] = []
      await readJournal(journalPath(id), (entries) => void all.push(...entries), beginning(id))
      return expectSome(all[0] && all, id)
    },
    fold: async (id) => expectSome(await foldJournal(journalPath(id), beginning(id)), id),
    started: async (id) => {
      const first = beginnings.get(id) ?? (await beginningOf(journalPath(id)))
      beginnings.set(id, first)
      return expectSome(first.last, id).event as RunStarted
    },
    follow: (id) => followJournal(journalPath(id)),
    lock: async (started, holder, wait) => {
      await making()
      return await acquire(join(locks, `${workOf(started)}.lock`), holder, wait)
    },
    isSameWork: (a, b) => workOf(a) === workOf(b),
    turn: async (how) => {
      await making()
      return await takeTurn(join(locks, 'turn'), how)
    },
    claims: async (but) => await liveClaims(await list(but.run), but, journalPath),
    isBusy: ({ work }) => isHeld(join(locks, `${work}.lock`)),
    journalPath,
    sent: (id) => readSent(join(runs, `${id}.sent`)),
    noteSent: (id, sent) => writeSent(join(runs, `${id}.sent`), sent),
    remove: async (id) => {
      beginnings.delete(id)
      await indexed(dir, () => removeRun(runs, id))
    },
    openLog: (id) => openPrivate(join(runs, `${id}.log`), O_WRONLY | O_APPEND | O_CREAT),
  }
}

const letter = customAlphabet('abcdefghijkmnpqrstuvwxyz', 1)
const rest = customAlphabet('23456789abcdefghijkmnpqrstuvwxyz', 7)

function expectSome<T>(it: T | undefined, id: string): T {
  if (it !== undefined) return it
  throw new NsnetError('RUN_NOT_FOUND', `the journal of run ${id} holds nothing yet`)
}

const noneNamed = (name: string): NsnetError =>
  new NsnetError('RUN_NOT_FOUND', `expected a run, found none that "${name}" names`, 'nsnet list shows all runs')

function latestOf([latest]: readonly Summary[]): Summary {
  if (latest) return latest
  throw noneNamed('last')
}

function oneOf(name: string, ids: readonly string[]): string {
  if (ids.includes(name)) return name
  const found = ids.filter((id) => name !== '' && id.startsWith(name))
  if (found.length === 1) return found[0]!
  if (found.length === 0) throw noneNamed(name)
  const message = `expected one run, "${name}" begins the ids of ${found.length}: ${listed(found)}`
  throw new NsnetError('RUN_AMBIGUOUS', message, 'nsnet list shows all runs')
}
