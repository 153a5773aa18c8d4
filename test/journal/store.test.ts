import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { newRunId, openStore, type Store } from '../../journal/store.ts'
import { applied, planned, satisfied, started } from '../support/events.ts'

const root = mkdtempSync(join(tmpdir(), 'nsnet-store-'))
afterAll(() => rmSync(root, { recursive: true }))

let count = 0
const newStore = (): Promise<Store> => openStore(join(root, `${count++}`))

/** Runs that begin in the same millisecond have no order. */
async function addRun(store: Store, id: string): Promise<void> {
  await setTimeout(2)
  const journal = await store.create(id)
  await journal.append([{ ...started('a', 'b'), run: id }, planned('a'), applied('a'), satisfied('b')])
  await journal.close()
}

test('makes ids that no flag and no other id look like', () => {
  const ids = Array.from({ length: 1000 }, newRunId)
  expect(new Set(ids).size).toBe(1000)
  for (const id of ids) expect(id).toMatch(/^[a-z][a-z2-9]{7}$/)
})

test('lists its runs with what they hold', async () => {
  const store = await newStore()
  await addRun(store, 'abc')
  expect(await store.list()).toMatchObject([
    { id: 'abc', workflow: 'test', status: 'completed', steps: 2, holding: 2, ours: 1 },
  ])
})

test('makes the index anew when it is broken', async () => {
  const store = await newStore()
  await addRun(store, 'abc')
  const before = await store.list()
  for (const broken of ['', '{', 'null', '[]', '{"version":9}', '{"version":1,"rows":{"zzz":{}}}']) {
    writeFileSync(join(store.dir, 'index.json'), broken)
    expect(await store.list()).toEqual(before)
  }
})

test('lists a broken journal as such, beside the others', async () => {
  const store = await newStore()
  await addRun(store, 'abc')
  writeFileSync(store.journalPath('bad'), 'no journal\n')
  expect((await store.list()).map(({ id, status }) => [id, status])).toEqual([
    ['abc', 'completed'],
    ['bad', 'broken journal'],
  ])
})

test('finds a run by id, unique prefix and last', async () => {
  const store = await newStore()
  await addRun(store, 'abc')
  await addRun(store, 'abd')
  expect((await store.find('abc')).id).toBe('abc')
  expect((await store.find('last')).id).toBe('abd')
  await expect(store.find('ab')).rejects.toMatchObject({ code: 'RUN_AMBIGUOUS' })
  for (const name of ['x', '', '../runs/abc', 'abc.jsonl'])
    await expect(store.find(name)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
})

test('says of a file that a run is not named by it', async () => {
  const store = await newStore()
  await addRun(store, 'abc')
  const hint = 'a run is named by its id, not by its file; nsnet list shows the ids with their files'
  await expect(store.find('lab.yaml')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND', hint })
  await expect(store.find('lab')).rejects.toMatchObject({ hint: 'nsnet list shows all runs' })
})

test('gives the lock of one work to one at a time, and says who holds it', async () => {
  const store = await newStore()
  const lock = await store.lock(started('a'), 'somebody', false)
  await expect(store.lock(started('a'), 'another', false)).rejects.toMatchObject({
    code: 'LOCKED',
    message: expect.stringContaining('somebody'),
  })
  await lock.release()
  await (await store.lock(started('a'), 'another', false)).release()
})

test('waits for the lock when asked to', async () => {
  const store = await newStore()
  const lock = await store.lock(started('a'), 'somebody', false)
  const second = store.lock(started('a'), 'another', true)
  await lock.release()
  await (await second).release()
})

test('gives both locks at once, and keeps no turn from the one who has the lock', async () => {
  const store = await newStore()
  const lock = await store.lock(started('a'), 'somebody', false)
  const turn = await store.turn('shared')
  const order: string[] = []
  const alone = store.turn('alone').then((it) => (order.push('alone'), it))
  const both = store.lockAndTurn(started('a'), 'another', true, 'shared').then((it) => (order.push('both'), it))
  await expect(store.lockAndTurn(started('a'), 'a third', false, 'shared')).rejects.toMatchObject({ code: 'LOCKED' })
  await turn.release()
  // it comes although the other waits for the lock
  await (await alone).release()
  await lock.release()
  const { lock: second, turn: shared } = await both
  expect(order).toEqual(['alone', 'both'])
  await (await store.turn('shared')).release()
  await second.release()
  await shared.release()
  const third = await store.lockAndTurn(started('a'), 'another', false, 'alone')
  await expect(store.lock(started('a'), 'a third', false)).rejects.toMatchObject({ code: 'LOCKED' })
  await third.turn.release()
  await third.lock.release()
})

test('a lock says who had it last, until nothing is left unfinished', async () => {
  const store = await newStore()
  const first = await store.lock(started('a'), 'somebody', false)
  expect(first.before).toBe('')
  await first.release()
  const second = await store.lock(started('a'), 'another', false)
  expect(second.before).toBe('somebody')
  second.clear()
  await second.release()
  const third = await store.lock(started('a'), 'a third', false)
  expect(third.before).toBe('')
  await third.release()
})

test('locks two works apart', async () => {
  const store = await newStore()
  const lock = await store.lock(started('a'), 'somebody', false)
  await (await store.lock({ ...started('a'), inputs: { netns: 'blue' } }, 'another', false)).release()
  await lock.release()
})

test('is a directory that only its owner can enter, made when something is kept in it', async () => {
  const store = await newStore()
  expect(await store.list()).toEqual([])
  await expect(store.find('last')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  expect(existsSync(store.dir)).toBe(false)
  await addRun(store, 'abc')
  expect(statSync(store.dir).mode & 0o777).toBe(0o700)
})

test('refuses a directory that others can write to, and a symbolic link', async () => {
  const open = join(root, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  symlinkSync(root, join(root, 'link'))
  await expect(openStore(open)).rejects.toMatchObject({ code: 'STATE_DIR_UNSAFE' })
  await expect(openStore(join(root, 'link'))).rejects.toMatchObject({ code: 'STATE_DIR_UNSAFE' })
})

test('refuses a place where no directory can be made', async () =>
  expect((await openStore('/proc/nsnet/runs')).create('abc')).rejects.toMatchObject({ code: 'STATE_DIR_UNSAFE' }))
