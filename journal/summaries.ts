import { createHash } from 'node:crypto'
import { lstatSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { readIndex, writeIndex, type Row, type Summary } from './index.ts'
import { allOf } from '../core/all-of.ts'
import { idsIn, type Journals } from './journals.ts'
import { acquire, type Lock } from './lock.ts'
import { AT_ONCE, type Folded } from './moments.ts'

/**
 * Lists the runs of a directory, the latest first, and keeps its index up to date; without one, whose journal may be long and
 * has no need to be read.
 */
export async function refreshed(
  dir: string,
  runs: string,
  journals: Journals,
  but: string | undefined,
): Promise<readonly Summary[]> {
  const path = join(dir, INDEX)
  return await indexed(dir, async (lock) => {
    const old = await readIndex(path)
    const rows = await allOf(idsIn(runs), AT_ONCE, (id) => {
      const row = old[id]
      return id === but ? Promise.resolve(row) : rowOf(id, journals, row)
    })
    const found = rows.filter((row) => row !== undefined)
    const fresh = Object.keys(old).length === found.length && found.every((row) => old[row.id] === row)
    if (lock && !fresh) await writeIndex(path, Object.fromEntries(found.map((row) => [row.id, row])))
    return found.filter(({ id }) => id !== but).toSorted(latestFirst)
  })
}

const INDEX = 'index.json'

/** Finds the run that was started last; undefined when there is none. Where the index is old, only first lines are read. */
export async function latestOf(dir: string, runs: string, journals: Journals): Promise<string | undefined> {
  const index = await readIndex(join(dir, INDEX))
  const found = await allOf(idsIn(runs), AT_ONCE, async (id) => {
    const row = freshRow(id, index[id], lstatSync(journals.path(id)))
    return row ?? (await journals.first(id).then(({ at }) => ({ id, startedAt: at }), unreadable(id)))
  })
  return found.filter((run) => run !== undefined).toSorted(latestFirst)[0]?.id
}

/** Works on the list of runs while nobody else does: a run is listed as long as its journal is there. */
export async function indexed<T>(dir: string, work: (lock: Lock | undefined) => Promise<T>): Promise<T> {
  const lock = await acquire(join(dir, 'index.lock'), 'the index', true).catch(onReadOnly)
  return await work(lock).finally(() => lock?.release())
}

/** Times of one form are in order as texts; comparing them by locale costs more than reading them. */
const latestFirst = ({ startedAt: a }: Started, { startedAt: b }: Started): number => (a < b ? 1 : a > b ? -1 : 0)

type Started = Pick<Summary, 'startedAt'>

/** Sums up a run for `list`. */
export function summaryOf({ moment: { run, status }, startedAt, changedAt }: Folded): Summary {
  const { started, steps } = run
  const holding = [...steps.values()].filter((step) => step.status === 'applied' || step.status === 'satisfied').length
  const { name, path } = started.workflow
  const ours = [...steps.values()].filter(({ open }) => open).length
  const facts = { id: started.run, workflow: name, path, boot: started.facts.boot, work: workOf(started) }
  const unit = started.unit === undefined ? {} : { unit: started.unit }
  return { ...facts, ...unit, status, steps: steps.size, holding, ours, startedAt, changedAt }
}

/** Names what a run does: two runs that would do the same have the same name, whoever started them. */
export function workOf({ workflow, inputs, facts }: RunStarted): string {
  const work = JSON.stringify([workflow.text, inputs, facts.netns])
  return createHash('sha256').update(work).digest('hex').slice(0, 32)
}

/** Where nothing can be written, runs are listed from their journals, and the index stays as it is. */
function onReadOnly(error: unknown): undefined {
  if (error instanceof NsnetError && error.code === 'JOURNAL_UNWRITABLE') return undefined
  throw error
}

async function rowOf(id: string, journals: Journals, old: Row | undefined): Promise<Row | undefined> {
  const stat = lstatSync(journals.path(id))
  const fresh = freshRow(id, old, stat)
  if (fresh) return fresh
  const summary = await summarized(id, journals)
  return summary && { ...summary, bytes: stat.size, mtimeMs: stat.mtimeMs }
}

const freshRow = (id: string, row: Row | undefined, { size, mtimeMs }: Stats): Row | undefined =>
  row?.id === id && row.bytes === size && row.mtimeMs === mtimeMs ? row : undefined

/** Sums up a journal; one that is broken is listed as such, one that was begun and holds nothing is left out. */
async function summarized(id: string, journals: Journals): Promise<Summary | undefined> {
  try {
    return summaryOf(await journals.fold(id))
  } catch (error) {
    if (!(error instanceof NsnetError)) throw error
    if (error.code === 'RUN_NOT_FOUND') return undefined
    const unknown = { workflow: '?', boot: '', steps: 0, holding: 0, ours: 0, work: '', startedAt: '', changedAt: '' }
    return { id, path: journals.path(id), ...unknown, status: 'broken journal' }
  }
}

/** Where the first line cannot be read: nothing was written yet, or the journal is broken, which makes it the oldest. */
const unreadable =
  (id: string) =>
  (error: unknown): { readonly id: string; readonly startedAt: string } | undefined => {
    if (!(error instanceof NsnetError)) throw error
    return error.code === 'RUN_NOT_FOUND' ? undefined : { id, startedAt: '' }
  }
