import { dependantsOf, type Claim } from '../core/claims.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunEvent, RunStarted } from '../core/events.ts'
import type { Moment } from '../core/machine.ts'
import { stepOf } from '../core/run.ts'
import type { Given } from '../core/inputs.ts'
import { nearest } from '../core/near.ts'
import { expectSameNetns } from './facts.ts'
import { secretsFor } from './given.ts'
import { registryOfRun } from './plugins.ts'
import { continueRun, lockOf, locked, momentOf, type Session } from './session.ts'
import type { Turn } from './turn.ts'

/** A session that finds the plugins and the secrets of each run by itself. */
export interface UndoSession extends Omit<Session, 'registry' | 'secrets'> {
  readonly given: Given
}

export interface Extent {
  /** Undo only what came after this step; it stays. */
  readonly to?: string
  /** Undo first the runs that work with what this run made. */
  readonly cascade: boolean
}

/**
 * Takes a run back, alone at the kernel, and then what was left in earlier undos because this run needed it.
 *
 * @throws IN_USE when other runs work with what it made, and `cascade` is false; OTHER_NETNS; LOCKED
 */
export async function takeBack(session: UndoSession, started: RunStarted, extent: Extent): Promise<number> {
  expectSameNetns(started)
  return await locked(session, started, async (turn) => {
    await turn.alone()
    const holding = { ...session, held: [started] }
    const code = await takeBackNow(holding, turn, started, extent)
    return code >= 128 ? code : worst([code, ...(await takeBackLeft(holding, turn, started))])
  })
}

/** A session that holds the locks of some works. */
interface Holding extends UndoSession {
  readonly held: readonly RunStarted[]
}

async function takeBackNow(session: Holding, turn: Turn, started: RunStarted, extent: Extent): Promise<number> {
  const { run } = await momentOf(session.store, started.run)
  const later = stepsAfter(run.steps.keys(), extent.to)
  const dependants = dependantsOf(run, later, await session.store.claims(run.started))
  if (dependants.length > 0 && !extent.cascade) throw inUse(started, dependants)
  const codes: number[] = []
  for (const other of dependants) {
    const code = await locking(session, other, (inner) => takeBackNow(inner, turn, other, { cascade: true }))
    if (code === 1 || code >= 128) return code
    codes.push(code)
  }
  return worst([...codes, await undo(session, turn, started, extent, await session.store.claims(run.started))])
}

/** Undoes what was kept for runs of which none lives any more, the latest run first, unless somebody is at it. */
async function takeBackLeft(session: Holding, turn: Turn, { facts, run }: RunStarted): Promise<readonly number[]> {
  const codes: number[] = []
  for (const { id, boot, ours, status } of await session.store.list()) {
    if (id === run || boot !== facts.boot || ours === 0 || status !== 'undone') continue
    const moment = await momentOf(session.store, id)
    const { started } = moment.run
    const claims = await session.store.claims(started)
    if (started.facts.netns !== facts.netns || !isFree(moment, claims)) continue
    const plain = { ...session, force: false }
    codes.push(await locking(plain, started, (inner) => undo(inner, turn, started, {}, claims)).catch(ifLocked))
  }
  return codes
}

function isFree({ run }: Moment, claims: readonly Claim[]): boolean {
  const live = new Set(claims.map(({ started }) => started.run))
  const kept = [...run.steps.values()].filter(({ status, neededBy = [] }) => status === 'kept' && neededBy.length > 0)
  return kept.some(({ neededBy }) => !neededBy!.some((id) => live.has(id)))
}

async function undo(
  session: UndoSession,
  turn: Turn,
  started: RunStarted,
  { to }: Pick<Extent, 'to'>,
  claims: readonly Claim[],
): Promise<number> {
  const registry = await registryOfRun(session.store, started.run)
  const { secrets } = secretsFor(started, session.given)
  const whole = { ...session, registry, secrets }
  return await continueRun(whole, turn, started.run, (moment) => undoing(session, moment, to), claims)
}

function undoing({ terminal }: UndoSession, { run, status }: Moment, to: string | undefined): RunEvent | undefined {
  const open = [...run.steps.values()].some((step) => step.open)
  if (status === 'undone' && !open) {
    terminal.tell(`run ${run.started.run} is undone already`)
    return undefined
  }
  if (to !== undefined && !stepsAfter(run.steps.keys(), to).some((id) => stepOf(run, id).open)) {
    terminal.tell(`nothing that run ${run.started.run} made came after the step ${to}: there is nothing to undo`)
    return undefined
  }
  terminal.tell(`undoing run ${terminal.paint('bold', run.started.run)}${to === undefined ? '' : ` back to ${to}`}`)
  return { type: 'UndoStarted', ...(to === undefined ? {} : { until: to }) }
}

/** Lists the steps that an undo back to a step takes back. @throws USAGE when the run has no such step */
export function stepsAfter(ids: Iterable<string>, to: string | undefined): readonly string[] {
  const all = [...ids]
  if (to === undefined) return all
  const at = all.indexOf(to)
  if (at !== -1) return all.slice(at + 1)
  const near = nearest(to, all)
  const hint = near === undefined ? `its steps are ${all.join(', ')}` : `did you mean "${near}"?`
  throw new NsnetError('USAGE', `expected --to with a step of the run, got "${to}"`, hint)
}

/** Takes the lock of a run's work too, unless it is one that is held already: a lock excludes also whoever has it. */
async function locking<T>(session: Holding, run: RunStarted, work: (session: Holding) => Promise<T>): Promise<T> {
  if (session.held.some((other) => session.store.isSameWork(run, other))) return await work(session)
  const lock = await lockOf(session, run, false)
  return await work({ ...session, held: [...session.held, run] }).finally(lock.release)
}

function ifLocked(error: unknown): number {
  if (error instanceof NsnetError && error.code === 'LOCKED') return 0
  throw error
}

/** Refuses to take away what other runs work with. */
export function inUse({ run }: RunStarted, dependants: readonly RunStarted[]): NsnetError {
  const names = dependants.map((other) => `${other.run} (${other.workflow.name})`).join(', ')
  const message = `expected that nobody works with what run ${run} made, but run ${names} does`
  return new NsnetError('IN_USE', message, `undo both, in the right order: nsnet undo ${run} --cascade`)
}

/** The exit code that says most: stopped, failed, differences, well. */
function worst(codes: readonly number[]): number {
  const stopped = codes.find((code) => code >= 128)
  return stopped ?? (codes.includes(1) ? 1 : Math.max(0, ...codes))
}
