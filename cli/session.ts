import { helpers } from '../core/crew.ts'
import { drive } from '../core/engine.ts'
import type { RunEvent, RunStarted } from '../core/events.ts'
import { maskedError } from '../core/masked-error.ts'
import { start, type Moment } from '../core/machine.ts'
import { printable } from '../core/quote.ts'
import type { Ports } from '../core/ports.ts'
import type { Registry } from '../core/registry.ts'
import type { Secrets } from '../core/secret.ts'
import { bootOf } from '../library/facts.ts'
import { logTo, openLog, loggedExec } from './debug-log.ts'
import type { Claim } from '../core/claims.ts'
import type { Journal } from '../journal/journal.ts'
import type { WorkLock } from '../journal/lock.ts'
import type { Summary } from '../journal/index.ts'
import type { Opened } from '../journal/journals.ts'
import { defaultStateDir, openStore, type Store } from '../journal/store.ts'
import { workOf } from '../journal/summaries.ts'
import { viewFor } from './progress/choose.ts'
import { maskedProgress } from './progress/masked.ts'
import { counts, nextSteps, outputLines } from './render.ts'
import { exitCodeOf, listenForStop } from './signals.ts'
import { turnWith, type Turn } from '../library/turn.ts'
import { duration, type GlobalOptions, type Terminal } from './terminal.ts'

/** Opens the directory of runs that the options name. */
export const storeFor = ({ stateDir }: GlobalOptions): Promise<Store> =>
  openStore(stateDir ?? defaultStateDir(process.env))

/** What a verb that changes the kernel works with. */
export interface Session {
  readonly terminal: Terminal
  readonly store: Store
  readonly registry: Registry
  readonly secrets: Secrets
  readonly force?: boolean
  /** Say at the end what to type next; the tour knows what comes next. */
  readonly advise?: boolean
  readonly wait?: boolean
  /** Told the run when it stands still. */
  readonly ended?: (run: string) => void
}

/** Begins a run: takes the lock, creates the journal, and drives it until it stands still. */
export async function beginRun(session: Session, started: RunStarted): Promise<number> {
  return await locked(session, started, 'shared', async (turn, lock) => {
    const journal = await session.store.create(started.run)
    let isLast = lock.before === ''
    const { code } = await withJournal(session, turn, journal, async (append, go) => {
      session.terminal.tell(`run ${session.terminal.paint('bold', started.run)} of ${printable(started.workflow.name)}`)
      isLast ||= !(await tellOfOthers(session, started))
      const moment = start(started)
      await append(moment, [started])
      return await go(moment)
    }).finally(journal.close)
    if (code === 0 && isLast) lock.clear()
    return code
  })
}

/** Says that a run of the same work was stopped: what it made is its own, and this run finds it in place. */
async function tellOfOthers({ terminal, store }: Session, started: RunStarted): Promise<boolean> {
  const work = workOf(started)
  const stopped = (run: Summary): boolean =>
    run.work === work && run.ours > 0 && !/^(completed|undone)$/.test(run.status)
  const other = (await store.list()).find(stopped)
  if (other) terminal.tell(`  run ${other.id} of the same work was stopped; to go on with it: nsnet resume ${other.id}`)
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

/** A run that stands still, and the exit code that says how. */
export interface Stopped {
  readonly code: number
  readonly moment: Moment
}

type Append = (moment: Moment, events: readonly RunEvent[]) => Promise<void>
type Go = (moment: Moment, first?: RunEvent, others?: readonly Claim[]) => Promise<Moment>

/** What taking the locks needs to know. */
export type Locking = Pick<Session, 'store' | 'wait'>

/** Takes the lock of what a run does, and a turn at the kernel. @throws LOCKED */
export async function locked<T>(
  { store, wait = false }: Locking,
  started: RunStarted,
  how: 'shared' | 'alone',
  work: (turn: Turn, lock: WorkLock) => Promise<T>,
): Promise<T> {
  // they start while the locks are taken
  helpers.warmUp()
  const both = await store.lockAndTurn(started, holderOf(started), wait, how)
  const turn = turnWith(store, both.turn, how)
  try {
    return await work(turn, both.lock).finally(turn.end)
  } finally {
    await both.lock.release()
  }
}

/** Takes the lock of what a run does. @throws LOCKED */
export function lockOf({ store }: Locking, started: RunStarted, wait: boolean): Promise<WorkLock> {
  return store.lock(started, holderOf(started), wait)
}

const holderOf = ({ run, workflow }: RunStarted): string =>
  `nsnet with process id ${process.pid} (run ${run} of ${workflow.name})`

async function withJournal(
  session: Session,
  turn: Turn,
  journal: Journal,
  work: (append: Append, go: Go) => Promise<Moment>,
): Promise<Stopped> {
  const { terminal, store, registry, secrets } = session
  const began = performance.now()
  const id = journal.path.replace(/^.*\/|\.jsonl$/g, '')
  const logFile = await openLog(store, id)
  const { log, end } = logTo(logFile)
  const stop = listenForStop((signal) =>
    terminal.tell(`  ${signal}: finishing the running command; again to stop at once`),
  )
  const exec = loggedExec(session, log, stop.kill)
  const view = viewFor(terminal)
  let moved = false
  const append: Append = async ({ run }, events) => {
    moved = true
    for (const entry of await journal.append(events)) {
      const { seq, event } = entry
      log('info', { seq, event: event.type, ...('step' in event ? { step: event.step } : {}) })
      if (terminal.options.json) terminal.out(JSON.stringify(entry))
      view.event(run, entry)
    }
  }
  const go: Go = (moment, first, others = []) => {
    const ports: Ports = {
      append: (events) => append(moment, events),
      exec,
      secrets,
      others,
      boot: bootOf(),
      stepOf: registry.stepOf,
      signal: stop.signal,
      force: session.force ?? false,
      pause: (ms) => turn.pause(ms, stop.signal),
      progress: (progress) => view.progress(moment.run, maskedProgress(progress, secrets)),
    }
    return drive(ports, moment, first)
  }
  try {
    const moment = await work(append, go).finally(view.end)
    conclude(session, moment, performance.now() - began)
    return { code: moved || moment.status === 'undone' ? exitOf(moment, stop.signal) : 0, moment }
  } catch (error) {
    throw maskedError(error, secrets.mask)
  } finally {
    stop.release()
    end()
    await logFile?.close()
    session.ended?.(id)
  }
}

/** Says how it ended and what to type next. */
function conclude({ terminal, advise = true }: Session, moment: Moment, ms: number): void {
  if (terminal.options.json) return
  terminal.out(`${terminal.paint('bold', moment.status)}: ${counts(moment.run)}, in ${duration(ms)}`)
  for (const line of outputLines(terminal, moment)) terminal.out(line)
  if (advise) for (const line of nextSteps(moment, terminal.options)) terminal.out(`  ${line}`)
}

function exitOf({ status, run }: Moment, stopped: AbortSignal): number {
  if (status === 'failed' || status === 'undo failed') return 1
  if (status === 'interrupted' && stopped.aborted) return exitCodeOf(String(stopped.reason))
  const kept = [...run.steps.values()].some((step) => step.status === 'kept' && step.neededBy?.length === 0)
  return kept && status !== 'completed' ? 2 : 0
}
