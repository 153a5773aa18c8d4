import { createHash } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { readIndex, writeIndex, type Row, type Summary } from './index.ts'
import { acquire, type Lock } from './lock.ts'
import { nothing } from './reading.ts'
import { eachOf, foldJournal, type Folded } from './moments.ts'

/**
 * Lists the runs of a directory, the latest first, and keeps its index up to date; without one, whose journal may be long and
 * has no need to be read.
 */
export async function refreshed(dir: string, runs: string, but: string | undefined): Promise<readonly Summary[]> {
  const path = join(dir, 'index.json')
  return await indexed(dir, async (lock) => {
    const old = await readIndex(path)
    const rows = await eachOf(idsIn(runs), (id) => {
      const row = old[id]
      return id === but ? Promise.resolve(row) : rowOf(id, join(runs, `${id}.jsonl`), row)
    })
    const found = rows.filter((row) => row !== undefined)
    const fresh = Object.keys(old).length === found.length && found.every((row) => old[row.id] === row)
    if (lock && !fresh) await writeIndex(path, Object.fromEntries(found.map((row) => [row.id, row])))
    return found.filter(({ id }) => id !== but).toSorted(latestFirst)
  })
}

/** Lists the ids of the runs that have a journal in a directory. */
export const idsIn = (runs: string): readonly string[] =>
  readdirSync(runs).flatMap((name) => (name.endsWith('.jsonl') ? [name.slice(0, -6)] : []))

/** Works on the list of runs while nobody else does: a run is listed as long as its journal is there. */
export async function indexed<T>(dir: string, work: (lock: Lock | undefined) => Promise<T>): Promise<T> {
  const lock = await acquire(join(dir, 'index.lock'), 'the index', true).catch(onReadOnly)
  return await work(lock).finally(() => lock?.release())
}

/** Times of one form are in order as texts; comparing them by locale costs more than reading them. */
const latestFirst = ({ startedAt: a }: Summary, { startedAt: b }: Summary): number => (a < b ? 1 : a > b ? -1 : 0)

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

async function rowOf(id: string, path: string, old: Row | undefined): Promise<Row | undefined> {
  const { size, mtimeMs } = lstatSync(path)
  if (old?.id === id && old.bytes === size && old.mtimeMs === mtimeMs) return old
  const summary = await summarized(id, path)
  return summary && { ...summary, bytes: size, mtimeMs }
}

/** Sums up a journal; one that is broken is listed as such, one that was begun and holds nothing is left out. */
async function summarized(id: string, path: string): Promise<Summary | undefined> {
  try {
    const folded = await foldJournal(path, nothing)
    return folded && summaryOf(folded)
  } catch (error) {
    if (!(error instanceof NsnetError)) throw error
    const unknown = {
      workflow: '?',
      path,
      boot: '',
      steps: 0,
      holding: 0,
      ours: 0,
      work: '',
      startedAt: '',
      changedAt: '',
    }
    return { id, ...unknown, status: 'broken journal' }
  }
}
