import { customRandom } from 'nanoid'
import { randomBytes } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Claim } from '../core/claims.ts'
import type { RunStarted } from '../core/events.ts'
import type { Summary } from './index.ts'
import { takeBoth, type BothLocks } from './both-locks.ts'
import { expectLatest, noneNamed, oneOf } from './find-run.ts'
import { createJournal, type Journal } from './journal.ts'
import { idsIn, journalsIn, type Journals } from './journals.ts'
import { liveClaims } from './live-claims.ts'
import { acquire, isHeld, takeTurn, type Lock, type WorkLock } from './lock.ts'
import { isPrivate, openPrivate, privateDirectory } from './private.ts'
import { removeRun } from './remove.ts'
import { readSent, writeSent, type Sent } from './sent.ts'
import { indexed, latestOf, refreshed, workOf } from './summaries.ts'
import { followJournal, type Tail } from './tail.ts'

/** The directory of runs. */
export interface Store extends Pick<Journals, 'open' | 'read' | 'entries' | 'fold' | 'started'> {
  readonly dir: string
  /** Summaries of all runs, the latest first; without one (none of them when absent), which may be at work. */
  readonly list: (but?: string) => Promise<readonly Summary[]>
  /** Finds a run by its id, a unique prefix, or `last`. @throws RUN_NOT_FOUND, RUN_AMBIGUOUS */
  readonly find: (name: string) => Promise<Pick<Summary, 'id'>>
  /** Begins the journal of a new run. @throws JOURNAL_UNWRITABLE */
  readonly create: (id: string) => Promise<Journal>
  /** Follows a run's journal from its beginning. @throws JOURNAL_BROKEN */
  readonly follow: (id: string) => Promise<Tail>
  /** Takes the lock of what a run does: the same workflow with the same inputs is worked on by one nsnet at a time. */
  readonly lock: (started: RunStarted, holder: string, wait: boolean) => Promise<WorkLock>
  /** Takes the same lock and, once it is taken, a turn at the kernel: where nobody is at work, both at the same time. */
  readonly lockAndTurn: (
    started: RunStarted,
    holder: string,
    wait: boolean,
    how: 'shared' | 'alone',
    giveUp?: AbortSignal,
  ) => Promise<BothLocks>
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
  for (const path of parts) isPrivate(path)
  const making = (): void => {
    for (const path of parts) privateDirectory(path)
  }
  const journals = journalsIn(runs)
  const list = async (but?: string): Promise<readonly Summary[]> =>
    existsSync(runs) ? await refreshed(dir, runs, journals, but) : []
  return {
    dir,
    list,
    find: async (name) => {
      if (!existsSync(runs)) throw noneNamed(name, [])
      return { id: name === 'last' ? expectLatest(await latestOf(dir, runs, journals)) : oneOf(name, idsIn(runs)) }
    },
    create: async (id) => {
      making()
      return await createJournal(journals.path(id))
    },
    open: journals.open,
    read: journals.read,
    entries: journals.entries,
    fold: journals.fold,
    started: journals.started,
    follow: (id) => followJournal(journals.path(id)),
    lock: async (started, holder, wait) => {
      making()
      return await acquire(join(locks, `${workOf(started)}.lock`), holder, wait)
    },
    lockAndTurn: async (started, holder, wait, how, giveUp) => {
      making()
      const [work, turns] = [join(locks, `${workOf(started)}.lock`), join(locks, 'turn')]
      return await takeBoth({ work, turns, holder, wait, how, giveUp })
    },
    isSameWork: (a, b) => workOf(a) === workOf(b),
    turn: async (how) => {
      making()
      return await takeTurn(join(locks, 'turn'), how)
    },
    claims: async (but) => await liveClaims(await list(but.run), but, journals),
    isBusy: ({ work }) => isHeld(join(locks, `${work}.lock`)),
    journalPath: journals.path,
    sent: (id) => readSent(join(runs, `${id}.sent`)),
    noteSent: (id, sent) => writeSent(join(runs, `${id}.sent`), sent),
    remove: async (id) => {
      journals.forget(id)
      await indexed(dir, () => removeRun(runs, id))
    },
    openLog: (id) => openPrivate(join(runs, `${id}.log`), O_WRONLY | O_APPEND | O_CREAT),
  }
}

const letter = customRandom('abcdefghijkmnpqrstuvwxyz', 1, randomBytes)
const rest = customRandom('23456789abcdefghijkmnpqrstuvwxyz', 7, randomBytes)
