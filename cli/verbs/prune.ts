import { NsnetError } from '../../core/errors.ts'
import type { Summary } from '../../journal/index.ts'
import type { Store } from '../../journal/store.ts'
import { bootOf } from '../../library/facts.ts'
import { limitsOf, type LimitOptions, type Limits } from '../prune/limits.ts'
import { neededFor } from '../prune/needed.ts'
import { lockOf } from '../../library/locked.ts'
import { momentOf } from '../../library/session.ts'
import { storeFor } from '../session.ts'
import { asJson, table, type Terminal } from '../terminal.ts'

export interface PruneOptions extends LimitOptions {
  readonly dryRun: boolean
}

/** What becomes of a run: why it is kept; undefined when it is deleted. */
interface Verdict {
  readonly run: Summary
  readonly kept: string | undefined
}

/** `nsnet prune`: deletes the journals of runs that are over, by age and number; never one that still owns something. */
export async function prune(terminal: Terminal, { dryRun, ...options }: PruneOptions): Promise<number> {
  const limits = limitsOf(options)
  const store = await storeFor(terminal.options)
  const verdicts = await judged(store, limits, dryRun)
  if (!dryRun) await store.list()
  const deleted = verdicts.filter(({ kept }) => kept === undefined)
  if (terminal.options.json) {
    const kept = verdicts.filter((verdict) => verdict.kept !== undefined)
    terminal.out(asJson({ dryRun, deleted: deleted.map(forPrograms), kept: kept.map(forPrograms) }))
    return 0
  }
  if (verdicts.length > 0)
    for (const line of table([header, ...verdicts.map((it) => row(it, dryRun))])) terminal.out(line)
  terminal.out(`${dryRun ? 'would delete' : 'deleted'} ${deleted.length} of ${verdicts.length} runs`)
  return 0
}

/** Judges all runs, the latest first, and deletes what is to be deleted; what others delete meanwhile is left out. */
async function judged(store: Store, { olderThanMs, keep, why }: Limits, dryRun: boolean): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  const before = Date.now() - olderThanMs
  let over = 0
  for (const run of await store.list()) {
    const needed = await neededNow(store, run)
    if (needed === null) continue
    if (needed === undefined) over++
    const limit = over <= keep ? why.latest : Date.parse(run.changedAt) > before ? why.young : undefined
    const kept = needed ?? limit ?? (dryRun ? undefined : await removed(store, run))
    if (kept !== null) verdicts.push({ run, kept })
  }
  return verdicts
}

/** Says why a run is needed; null when it is gone. */
async function neededNow(store: Store, run: Summary): Promise<string | undefined | null> {
  if (run.status === 'broken journal') return 'its journal is broken'
  // what `neededFor` would say, without reading the journal
  if (run.status === 'undone' && run.ours === 0) return undefined
  const moving = run.status === 'running' || run.status === 'undoing'
  if (moving && (await store.isBusy(run))) return AT_WORK
  return await unlessGone(async () => neededFor(await momentOf(store, run.id), bootOf()))
}

/** Deletes a run, unless it is needed now that nobody else can be at it; null when somebody else has deleted it. */
async function removed(store: Store, { id }: Summary): Promise<string | undefined | null> {
  return await unlessGone(async () => {
    const lock = await lockOf({ store }, await store.started(id), false)
    try {
      const needed = neededFor(await momentOf(store, id), bootOf())
      if (needed === undefined) await store.remove(id)
      return needed
    } finally {
      await lock.release()
    }
  })
}

const AT_WORK = 'another nsnet is at it'

async function unlessGone(look: () => Promise<string | undefined>): Promise<string | undefined | null> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof NsnetError && error.code === 'RUN_NOT_FOUND') return null
    if (error instanceof NsnetError && error.code === 'LOCKED') return AT_WORK
    throw error
  }
}

const header = ['RUN', 'WORKFLOW', 'LAST EVENT', '']

function row({ run, kept }: Verdict, dryRun: boolean): readonly string[] {
  const end = kept === undefined ? (dryRun ? 'would be deleted' : 'deleted') : `kept: ${kept}`
  return [run.id, run.workflow, run.changedAt.slice(0, 16).replace('T', ' '), end]
}

const forPrograms = ({ run: { id, workflow, changedAt }, kept }: Verdict) => ({ id, workflow, changedAt, reason: kept })
