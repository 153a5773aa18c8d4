import { beginningOf } from '../core/beginning.ts'
import type { Claim } from '../core/claims.ts'
import type { Exec } from '../core/command.ts'
import { drive } from '../core/engine.ts'
import type { RunEvent, RunStarted } from '../core/events.ts'
import { start, type Moment } from '../core/moment.ts'
import { maskedError } from '../core/masked-error.ts'
import type { Ports, Progress } from '../core/ports.ts'
import type { Registry } from '../core/registry.ts'
import type { Secrets } from '../core/secret.ts'
import type { Journal } from '../journal/journal.ts'
import type { Opened } from '../journal/journals.ts'
import type { Store } from '../journal/store.ts'
import { workOf } from '../journal/summaries.ts'
import { endingOf, type Ending } from './ending.ts'
import { bootOf } from './facts.ts'
import { locked } from './locked.ts'
import type { Place } from './place.ts'
import type { Turn } from './turn.ts'
import type { Note, Watch } from './watch.ts'

/** What changing the kernel needs. */
export interface Session {
  readonly place: Place
  readonly store: Store
  readonly registry: Registry
  readonly secrets: Secrets
  /** Take back also what others have changed since. */
  readonly force?: boolean
  /** Wait for another nsnet that does the same, instead of refusing. */
  readonly wait?: boolean
  /** Gives what ends the waiting. */
  readonly giveUp?: () => AbortSignal
  /** Begins to watch a run. @throws STATE_DIR_UNSAFE */
  readonly watch: (run: string) => Promise<Watch>
  readonly note: (note: Note) => void
}

/** A run that stands still, and how that came. */
export interface Stopped {
  readonly ending: Ending
  readonly moment: Moment
}

/** Begins a run: takes the lock, creates the journal, and drives it until it stands still. @throws LOCKED, JOURNAL_UNWRITABLE */
export async function beginRun(session: Session, started: RunStarted): Promise<Stopped> {
  return await locked(session, started, 'shared', async (turn, lock) => {
    const journal = await session.store.create(started.run)
    let isLast = lock.before === ''
    const stopped = await withJournal(session, turn, journal, async (append, go) => {
      session.note({ what: 'begins', started })
      isLast ||= !(await noteOthers(session, started))
      const moment = start(started)
      await append(moment, [started])
      return await go(moment)
    }).finally(journal.close)
    if (stopped.ending.how === 'well' && isLast) lock.clear()
    return stopped
  })
}

/** Says whether a run of the same work was stopped: what it made is its own, and this run finds it in place. */
async function noteOthers({ note, store }: Session, started: RunStarted): Promise<boolean> {
  const work = workOf(started)
  const other = (await store.list()).find(
    (run) => run.work === work && run.ours > 0 && !/^(completed|undone)$/.test(run.status),
  )
  if (other) note({ what: 'stopped before', run: other.id })
  return other !== undefined
}

/** Reads where a run stands. @throws RUN_NOT_FOUND when its journal holds nothing, JOURNAL_BROKEN */
export const momentOf = async (store: Store, id: string): Promise<Moment> => (await store.fold(id)).moment

/** Goes on with a run that is open, beginning with an event. Its moment before must not be used again. */
export const continueRun = (
  session: Session,
  turn: Turn,
  { journal, moment }: Opened,
  first: RunEvent | undefined,
  others: readonly Claim[],
): Promise<Stopped> =>
  withJournal(session, turn, journal, async (_, go) => (first ? await go(moment, first, others) : moment))

type Append = (moment: Moment, events: readonly RunEvent[]) => Promise<void>
type Go = (moment: Moment, first?: RunEvent, others?: readonly Claim[]) => Promise<Moment>

async function withJournal(
  session: Session,
  turn: Turn,
  journal: Journal,
  work: (append: Append, go: Go) => Promise<Moment>,
): Promise<Stopped> {
  const { place, registry, secrets, force = false } = session
  const began = performance.now()
  const watch = await session.watch(journal.path.replace(/^.*\/|\.jsonl$/g, ''))
  const exec = watchedExec(place, secrets, watch)
  let moved = false
  const append: Append = async ({ run }, events) => {
    moved = true
    for (const entry of await journal.append(events)) watch.entry(run, entry)
  }
  const go: Go = (moment, first, others = []) => {
    const ports: Ports = {
      append: (events) => append(moment, events),
      exec,
      secrets,
      others,
      boot: bootOf(),
      stepOf: registry.stepOf,
      signal: watch.signal,
      force,
      pause: (ms) => turn.pause(ms, watch.signal),
      progress: (progress) => watch.progress(moment.run, maskedProgress(progress, secrets)),
    }
    return drive(ports, moment, first)
  }
  try {
    const moment = await work(append, go)
    watch.rest(moment, performance.now() - began)
    const isNews = moved || moment.status === 'undone'
    return { moment, ending: isNews ? endingOf(moment, watch.signal) : { how: 'well' } }
  } catch (error) {
    throw maskedError(error, secrets.mask)
  } finally {
    await watch.end()
  }
}

/** Takes the secrets out of what is told of a step. */
function maskedProgress(progress: Progress, { hide, mask }: Secrets): Progress {
  const hidden = hide(progress)
  return hidden.doing === 'wait' ? { ...hidden, message: mask(hidden.message) } : hidden
}

/** Characters of what a command complains that are told. */
const MOST_LOGGED = 64 * 1024

/** Makes an `Exec` that tells each command, without its secrets. */
function watchedExec({ exec }: Place, secrets: Secrets, { kill, command: tell }: Watch): Exec {
  return exec({
    kill,
    holds: secrets.holds,
    trace: (command, { stdout: _, ...output }) =>
      tell(secrets.hide(command), { ...output, stderr: beginningOf(output.stderr, MOST_LOGGED, secrets.mask) }),
  })
}
