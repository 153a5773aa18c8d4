import { customAlphabet } from 'nanoid'
import { constants, existsSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { claimsOf, type Claim } from '../core/claims.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { replay } from '../core/machine.ts'
import { listed } from '../core/problems.ts'
import type { Summary } from './index.ts'
import { createJournal, openJournal, readJournal, type Journal } from './journal.ts'
import { acquire, isHeld, takeTurn, type Lock } from './lock.ts'
import type { Content } from './format.ts'
import { expectPrivate, openPrivate, privateDirectory } from './private.ts'
import { removeRun } from './remove.ts'
import { readSent, writeSent, type Sent } from './sent.ts'
import { indexed, refreshed, workOf } from './summaries.ts'
import { followJournal, type Tail } from './tail.ts'

/** The directory of runs. */
export interface Store {
  readonly dir: string
  /** Summaries of all runs, the latest first. */
  readonly list: () => Promise<readonly Summary[]>
  /** Finds a run by its id, a unique prefix, or `last`. @throws RUN_NOT_FOUND, RUN_AMBIGUOUS */
  readonly find: (name: string) => Promise<Summary>
  /** Begins the journal of a new run. @throws JOURNAL_UNWRITABLE */
  readonly create: (id: string) => Promise<Journal>
  /** Opens a run's journal to go on with it. @throws JOURNAL_BROKEN, JOURNAL_UNWRITABLE */
  readonly open: (id: string) => Promise<Journal>
  /** Reads a run's journal and changes nothing. @throws JOURNAL_BROKEN */
  readonly read: (id: string) => Promise<Content>
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
  readonly isBusy: (run: Summary) => Promise<boolean>
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
  for (const path of parts) await expectPrivate(path)
  const making = async (): Promise<void> => {
    for (const path of parts) await privateDirectory(path)
  }
  const journalPath = (id: string): string => join(runs, `${id}.jsonl`)
  const list = async (): Promise<readonly Summary[]> => (existsSync(runs) ? await refreshed(dir, runs) : [])
  return {
    dir,
    list,
    find: async (name) => oneOf(name, await list()),
    create: async (id) => {
      await making()
      return await createJournal(journalPath(id))
    },
    open: (id) => openJournal(journalPath(id)),
    read: (id) => readJournal(journalPath(id)),
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
    claims: async (but) => await claimsIn(runs, await list(), but),
    isBusy: ({ work }) => isHeld(join(locks, `${work}.lock`)),
    journalPath,
    sent: (id) => readSent(join(runs, `${id}.sent`)),
    noteSent: (id, sent) => writeSent(join(runs, `${id}.sent`), sent),
    remove: (id) => indexed(dir, () => removeRun(runs, id)),
    openLog: (id) => openPrivate(join(runs, `${id}.log`), O_WRONLY | O_APPEND | O_CREAT),
  }
}

const letter = customAlphabet('abcdefghijkmnpqrstuvwxyz', 1)
const rest = customAlphabet('23456789abcdefghijkmnpqrstuvwxyz', 7)

async function claimsIn(runs: string, list: readonly Summary[], { run, facts }: RunStarted): Promise<readonly Claim[]> {
  const live = list.filter(({ id, boot, holding, ours }) => id !== run && boot === facts.boot && holding + ours > 0)
  // a journal that was deleted meanwhile claimed nothing
  const contents = await Promise.all(live.map(({ id }) => readJournal(join(runs, `${id}.jsonl`)).catch(ifGone)))
  const moments = contents.map((content) => content && replay(content.entries.map(({ event }) => event)))
  return moments
    .filter((moment) => moment !== undefined)
    .filter((moment) => moment.run.started.facts.netns === facts.netns)
    .flatMap(claimsOf)
}

function ifGone(error: unknown): undefined {
  if (error instanceof NsnetError && error.code === 'RUN_NOT_FOUND') return undefined
  throw error
}

function oneOf(name: string, runs: readonly Summary[]): Summary {
  const hint = 'nsnet list shows all runs'
  const found = name === 'last' ? runs.slice(0, 1) : runs.filter(({ id }) => name !== '' && id.startsWith(name))
  const [run, other] = found
  if (!run) throw new NsnetError('RUN_NOT_FOUND', `expected a run, found none that "${name}" names`, hint)
  const exact = found.find(({ id }) => id === name)
  if (exact || !other) return exact ?? run
  const ids = listed(found.map(({ id }) => id))
  throw new NsnetError('RUN_AMBIGUOUS', `expected one run, "${name}" begins the ids of ${found.length}: ${ids}`, hint)
}
