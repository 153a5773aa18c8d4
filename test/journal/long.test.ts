import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { replay } from '../../core/moment.ts'
import { openStore, type Store } from '../../journal/store.ts'
import { context } from '../support/given.ts'
import { entriesIn, journalOf } from '../support/journals.ts'
import { longBatch, longStarted } from '../support/long-run.ts'

const root = mkdtempSync(join(tmpdir(), 'nsnet-long-'))
afterAll(() => rmSync(root, { recursive: true }))

const STEPS = 400
const events = [longStarted('long', STEPS, context.facts), ...longBatch('long', 0, STEPS).flat()]
const lines = journalOf(events, (index) => new Date(1_767_323_045_000 + index))
const text = lines.map((line) => line.text).join('')

let count = 0

/** A store with the long run, or with what is given as its journal. */
async function storeWith(journal: string): Promise<Store> {
  const dir = join(root, `${count++}`)
  mkdirSync(join(dir, 'runs'), { recursive: true, mode: 0o700 })
  writeFileSync(join(dir, 'runs', 'long.jsonl'), journal, { mode: 0o600 })
  return await openStore(dir)
}

/** How many bytes this process has read so far, of whatever file. @see proc_pid_io(5) */
const bytesRead = (): number => Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))![1])

async function bytesReadBy(work: () => Promise<unknown>): Promise<number> {
  const before = bytesRead()
  await work()
  return bytesRead() - before
}

test('a journal that is read in pieces gives what was written, also where a line is longer than a piece', async () => {
  const store = await storeWith(text)
  expect(text.length).toBeGreaterThan(1 << 19)
  const entries = await store.entries('long')
  expect(entries).toEqual(lines.map(({ entry }) => entry))
  const { moment, startedAt, changedAt } = await store.fold('long')
  expect(moment.run).toEqual(replay(events).run)
  expect([startedAt, changedAt]).toEqual([lines[0]!.entry.at, lines.at(-1)!.entry.at])
  const wide = { ...longStarted('long', 1, context.facts), inputs: { wide: 'ä'.repeat(1 << 19) } }
  const [first, ...rest] = journalOf([wide, ...longBatch('long', 0, 1).flat()], () => new Date(0))
  const other = await storeWith([first!, ...rest].map((line) => line.text).join(''))
  expect(first!.text.length).toBeGreaterThan(1 << 19)
  expect(await other.started('long')).toEqual(wide)
  expect(await other.entries('long')).toHaveLength(3)
})

test('what is torn off far behind the first piece is cut off', async () => {
  const store = await storeWith(`${text}{"v":1,"seq"`)
  const { journal } = await store.open('long')
  await journal.append([{ type: 'UndoStarted' }])
  await journal.close()
  expect(journal.torn).toBe(12)
  expect((await entriesIn(store.journalPath('long'))).at(-1)!.seq).toBe(events.length + 1)
})

test('a verb that finds a run and goes on with it reads its journal once', async () => {
  const store = await storeWith(text)
  const work = async (): Promise<void> => {
    expect((await store.list()).map(({ id }) => id)).toEqual(['long'])
    expect((await store.started('long')).run).toBe('long')
    const { journal, moment } = await store.open('long')
    expect(moment.status).toBe('completed')
    await journal.close()
  }
  const read = await bytesReadBy(work)
  expect(read).toBeGreaterThan(text.length)
  expect(read).toBeLessThan(1.5 * text.length)
})

test('what others journal meanwhile is read', async () => {
  const store = await storeWith(text)
  await store.list()
  const path = store.journalPath('long')
  const next = journalOf([...events, { type: 'UndoStarted' }], (index) => new Date(1_767_323_045_000 + index)).at(-1)!
  appendFileSync(path, next.text)
  expect((await store.fold('long')).moment.status).toBe('undoing')
  // as long as before, but another journal
  const { atime } = statSync(path)
  const changed = readFileSync(path, 'utf8').replace('"seq":7,', '"seq":8,')
  writeFileSync(path, changed)
  utimesSync(path, atime, new Date())
  await expect(store.open('long')).rejects.toMatchObject({ code: 'JOURNAL_BROKEN' })
})

test('the latest run, and one that is named, are found without summing up any', async () => {
  const store = await storeWith(text)
  const find = async (): Promise<void> => {
    expect(await store.find('last')).toEqual({ id: 'long' })
    expect(await store.find('lo')).toEqual({ id: 'long' })
  }
  // a first line of 400 steps is longer than what is read for it at first
  expect(await bytesReadBy(find)).toBeLessThan(text.length)
})
