import { needsAny, type Claim } from '../core/claims.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunEvent, RunStarted } from '../core/events.ts'
import type { Moment } from '../core/moment.ts'
import { stepOf } from '../core/run.ts'
import { endsAll, worst, type Ending } from './ending.ts'
import { goingFirst, stepsAfter, type Extent } from './extent.ts'
import { expectSameNetns } from './facts.ts'
import { lockOf } from './locked.ts'
import { withRun, workOn, type OpenedRun, type Working } from './opened-run.ts'
import { continueRun, momentOf } from './session.ts'
import type { Turn } from './turn.ts'

/**
 * Takes a run back, alone at the kernel, and then what was left in earlier undos because this run needed it.
 *
 * @throws IN_USE when other runs work with what it made, and `cascade` is false; OTHER_NETNS; LOCKED
 */
export async function takeBack(working: Working, id: string, extent: Extent): Promise<Ending> {
  return await workOn(working, id, 'alone', async (opened, turn, lock) => {
    const { started } = opened.moment.run
    expectSameNetns(started, working.place.netns())
    const holding = { ...working, held: [started] }
    const first = await takeBackNow(holding, turn, opened, extent)
    const left = first.how === 'stopped' ? [] : await takeBackLeft(holding, turn, started)
    const ending = first.how === 'kept' && left.length > 0 ? await takeBackRest(holding, turn, started, extent) : first
    if (ending.how === 'well' && extent.to === undefined && lock.before === '') lock.clear()
    return worst([ending, ...left])
  })
}

/** A session that holds the locks of some works. */
interface Holding extends Working {
  readonly held: readonly RunStarted[]
}

/** Takes a run back that is open, and before it those that work with what it made. */
async function takeBackNow(holding: Holding, turn: Turn, opened: OpenedRun, extent: Extent): Promise<Ending> {
  const { store } = holding
  const { run } = opened.moment
  const claims = await store.claims(run.started)
  const first = await goingFirst(store, run, extent, claims, opened.session.registry)
  const endings: Ending[] = []
  for (const other of first) {
    const ending = await locking(holding, other, (inner) =>
      withRun(inner, other.run, (theirs) => takeBackNow(inner, turn, theirs, { cascade: true })),
    )
    if (endsAll(ending)) return ending
    endings.push(ending)
  }
  const left = first.length === 0 ? claims : await store.claims(run.started)
  return worst([...endings, await undo(turn, opened, extent, left)])
}

/** Undoes what was kept for runs of which none lives any more, the latest run first, unless somebody is at it. */
async function takeBackLeft(holding: Holding, turn: Turn, { facts, run }: RunStarted): Promise<readonly Ending[]> {
  const { store } = holding
  const endings: Ending[] = []
  for (const { id, boot, ours, status } of await store.list(run)) {
    if (boot !== facts.boot || ours === 0 || status !== 'undone') continue
    const moment = await momentOf(store, id)
    const { started } = moment.run
    const claims = await store.claims(started)
    if (started.facts.netns !== facts.netns || !isFree(moment, claims)) continue
    const back = (inner: Holding): Promise<Ending> =>
      withRun({ ...inner, force: false }, id, (opened) => undo(turn, opened, {}, claims))
    endings.push(await locking(holding, started, back).catch(ifLocked))
  }
  return endings
}

/** Undoes what a run has kept because others made it, who have taken it back since. */
const takeBackRest = (holding: Holding, turn: Turn, { run }: RunStarted, extent: Extent): Promise<Ending> =>
  withRun(holding, run, async (opened) =>
    undo(turn, opened, extent, await holding.store.claims(opened.moment.run.started)),
  )

function isFree({ run }: Moment, claims: readonly Claim[]): boolean {
  const live = new Set(claims.filter(needsAny).map(({ started }) => started.run))
  const kept = [...run.steps.values()].filter(({ status, neededBy = [] }) => status === 'kept' && neededBy.length > 0)
  return kept.some(({ neededBy }) => !neededBy!.some((id) => live.has(id)))
}

async function undo(
  turn: Turn,
  opened: OpenedRun,
  { to }: Pick<Extent, 'to'>,
  claims: readonly Claim[],
): Promise<Ending> {
  const { session, moment } = opened
  return (await continueRun(session, turn, opened, undoing(session, moment, to), claims)).ending
}

function undoing(
  { note, registry }: OpenedRun['session'],
  { run, status }: Moment,
  to: string | undefined,
): RunEvent | undefined {
  const open = [...run.steps.values()].some((step) => step.open)
  if (status === 'undone' && !open) {
    note({ what: 'undone already', run: run.started.run })
    return undefined
  }
  if (to !== undefined && !stepsAfter(run.steps.keys(), to).some((id) => stepOf(run, id).open)) {
    note({ what: 'nothing after', run: run.started.run, to })
    return undefined
  }
  note({ what: 'undoes', run: run.started.run, to })
  note({ what: 'lacks', lacking: registry.lacking })
  return { type: 'UndoStarted', ...(to === undefined ? {} : { until: to }) }
}

/** Takes the lock of a run's work too, unless it is one that is held already: a lock excludes also whoever has it. */
async function locking<T>(session: Holding, run: RunStarted, work: (session: Holding) => Promise<T>): Promise<T> {
  if (session.held.some((other) => session.store.isSameWork(run, other))) return await work(session)
  const lock = await lockOf(session, run, false)
  return await work({ ...session, held: [...session.held, run] }).finally(lock.release)
}

function ifLocked(error: unknown): Ending {
  if (error instanceof NsnetError && error.code === 'LOCKED') return { how: 'well' }
  throw error
}
