import { createHash } from 'node:crypto'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { replay, type Moment } from '../core/machine.ts'
import { readIndex, writeIndex, type Row, type Summary } from './index.ts'
import { readJournal } from './journal.ts'
import { acquire, type Lock } from './lock.ts'

/** Lists the runs of a directory, the latest first, and keeps its index up to date. */
export async function refreshed(dir: string, runs: string): Promise<readonly Summary[]> {
  const path = join(dir, 'index.json')
  return await indexed(dir, async (lock) => {
    const old = await readIndex(path)
    const ids = (await readdir(runs)).flatMap((name) => (name.endsWith('.jsonl') ? [name.slice(0, -6)] : []))
    const rows = await Promise.all(ids.map((id) => rowOf(id, join(runs, `${id}.jsonl`), old[id])))
    const found = rows.filter((row) => row !== undefined)
    const fresh = Object.keys(old).length === found.length && found.every((row) => old[row.id] === row)
    if (lock && !fresh) await writeIndex(path, Object.fromEntries(found.map((row) => [row.id, row])))
    return found.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
  })
}

/** Works on the list of runs while nobody else does: a run is listed as long as its journal is there. */
export async function indexed<T>(dir: string, work: (lock: Lock | undefined) => Promise<T>): Promise<T> {
  const lock = await acquire(join(dir, 'index.lock'), 'the index', true).catch(onReadOnly)
  return await work(lock).finally(() => lock?.release())
}

/** Sums up a run for `list`. */
export function summaryOf(
  { run, status }: Moment,
  { startedAt, changedAt }: Pick<Summary, 'startedAt' | 'changedAt'>,
): Summary {
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
  const { size, mtimeMs } = await lstat(path)
  if (old?.id === id && old.bytes === size && old.mtimeMs === mtimeMs) return old
  const summary = await summarized(id, path)
  return summary && { ...summary, bytes: size, mtimeMs }
}

/** Sums up a journal; one that is broken is listed as such, one that was begun and holds nothing is left out. */
async function summarized(id: string, path: string): Promise<Summary | undefined> {
  try {
    const { entries } = await readJournal(path)
    const [first, last] = [entries[0], entries.at(-1)]
    if (!first || !last) return undefined
    return summaryOf(replay(entries.map(({ event }) => event)), { startedAt: first.at, changedAt: last.at })
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
