import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RunEvent, RunStarted } from '../../core/events.ts'
import { replay } from '../../core/moment.ts'
import { neededFor } from '../../cli/prune/needed.ts'
import { openStore, type Store } from '../../journal/store.ts'
import { applied, failed, interrupted, planned, satisfied, started, undone } from '../support/events.ts'
import { undoFailed, undoPlanned, undoStarted } from '../support/events.ts'
import { expectGolden } from '../support/golden.ts'
import { journalOf } from '../support/journals.ts'
import { workspace } from '../support/runs.ts'

const { stateDir } = workspace()
const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
const HOUR = 3_600_000

const startedAs = (run: string, ofBoot = boot): RunStarted => {
  const { facts, ...rest } = started('a', 'b')
  return { ...rest, run, inputs: { run }, facts: { ...facts, boot: ofBoot } }
}
const over = [planned('a'), applied('a'), undoStarted(), undone('a')]
const keptFor = (...neededBy: readonly string[]): RunEvent => ({
  type: 'StepKept',
  step: 'a',
  reason: 'no',
  neededBy,
  durationMs: 1,
})
const relying: RunEvent = { ...satisfied('b'), resources: { shares: ['sysctl:host/net.ipv4.ip_forward'] } } as RunEvent

/** Writes a run whose last event is so many hours old. */
function addRun(store: Store, hours: number, first: RunStarted, ...rest: readonly RunEvent[]): void {
  const lines = journalOf([first, ...rest], () => new Date(Date.now() - hours * HOUR))
  mkdirSync(join(store.dir, 'runs'), { recursive: true, mode: 0o700 })
  writeFileSync(store.journalPath(first.run), lines.map(({ text }) => text).join(''), { mode: 0o600 })
  writeFileSync(store.journalPath(first.run).replace('.jsonl', '.log'), '{}\n', { mode: 0o600 })
}

const prune = (store: Store, ...args: readonly string[]) =>
  spawnSync(process.execPath, ['dist/nsnet.js', 'prune', '--state-dir', store.dir, ...args], { encoding: 'utf8' })

const runsIn = ({ dir }: Store): readonly string[] => readdirSync(join(dir, 'runs')).toSorted()

describe('a journal is needed', () => {
  test.each([
    ['while the run owns a step', [planned('a'), applied('a'), satisfied('b')], 'owns 1 step'],
    ['when it failed and owns a step', [planned('a'), applied('a'), planned('b'), failed('b')], 'owns 2 steps'],
    ['when it kept a step for others', [planned('a'), undoStarted(), keptFor('r2')], 'keeps 1 step for r2'],
    ['when it kept what others changed', [planned('a'), undoStarted(), keptFor()], 'owns 1 step that others changed'],
    ['when it relies on others', [satisfied('a'), relying], 'relies on what others made'],
    ['when it was killed', [satisfied('a')], 'was stopped: resume or undo it'],
    ['when it was stopped', [satisfied('a'), interrupted], 'was stopped: resume or undo it'],
    ['when its undo was killed', [planned('a'), undoStarted(), undoPlanned('a')], 'owns 1 step'],
    ['when its undo failed', [planned('a'), applied('a'), undoStarted(), undoFailed('a')], 'owns 1 step'],
    ['not when nothing is its own', [satisfied('a'), satisfied('b')], undefined],
    ['not when it failed with nothing done', [failed('a')], undefined],
    ['not when it is undone', over, undefined],
  ])('%s', (_, events, why) => expect(neededFor(replay([startedAs('r'), ...events]), boot)).toBe(why))

  test.each([
    ['not when all of it is gone', [planned('a'), applied('a'), relying], undefined],
    ['not when it failed', [planned('a'), failed('a')], undefined],
    ['not when its undo did not come to its end', [planned('a'), undoStarted(), undoPlanned('a')], undefined],
    ['when it was killed, for it can be set up again', [planned('a')], 'was stopped: resume or undo it'],
  ])('after a reboot %s', (_, events, why) =>
    expect(neededFor(replay([startedAs('r', 'another'), ...events]), boot)).toBe(why),
  )
})

test('what is over and old goes, all else stays with its reason', async () => {
  const store = await openStore(stateDir())
  addRun(store, 24 * 40, startedAs('old-over'), ...over)
  addRun(store, 24 * 40, startedAs('of-before', 'another'), planned('a'), applied('a'), relying)
  addRun(store, 24 * 20, startedAs('over'), ...over)
  addRun(store, 24 * 50, startedAs('owns'), planned('a'), applied('a'), satisfied('b'))
  addRun(store, 24 * 60, startedAs('needed'), planned('a'), undoStarted(), keptFor('owns'))
  addRun(store, 24 * 70, startedAs('killed'), satisfied('a'))
  addRun(store, 24 * 80, startedAs('at-work'), satisfied('a'))
  writeFileSync(store.journalPath('broken'), 'no journal\n')
  const lock = await store.lock(startedAs('at-work'), 'somebody', false)
  const before = runsIn(store)

  const dry = prune(store, '--dry-run')
  expect(dry.stdout).toContain('would delete 2 of 8 runs\n')
  expect(runsIn(store)).toEqual(before)

  const { status, stdout, stderr } = prune(store)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  await expectGolden('prune.txt', stdout, [[/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'LAST EVENT TIME.']])
  expect(runsIn(store)).toEqual(before.filter((name) => !/^(old-over|of-before)\./.test(name)))
  const index = JSON.parse(readFileSync(join(store.dir, 'index.json'), 'utf8')) as { readonly rows: object }
  expect(Object.keys(index.rows)).not.toContain('old-over')
  await lock.release()
})

test('by number, the latest stay; with an age too, what is beyond both goes', async () => {
  const store = await openStore(stateDir())
  for (const hours of [1, 2, 3, 4]) addRun(store, hours, startedAs(`over${hours}`), ...over)
  addRun(store, 2.5, startedAs('owns'), planned('a'))
  const deleted = (...args: readonly string[]): readonly string[] =>
    (JSON.parse(prune(store, '--json', ...args).stdout) as { deleted: { id: string }[] }).deleted.map(({ id }) => id)
  expect(deleted('--dry-run')).toEqual([])
  expect(deleted('--dry-run', '--older-than', '150m')).toEqual(['over3', 'over4'])
  expect(deleted('--dry-run', '--older-than', '150m', '--keep', '3')).toEqual(['over4'])
  expect(deleted('--keep', '2', '--older-than', '1h')).toEqual(['over3', 'over4'])
  expect(deleted('--keep', '0')).toEqual(['over1', 'over2'])
  expect(runsIn(store)).toEqual(['owns.jsonl', 'owns.log'])
  for (const args of [
    ['--older-than', '3'],
    ['--older-than', '-3d'],
    ['--keep', 'all'],
  ])
    expect(prune(store, ...args)).toMatchObject({ status: 64, stdout: '' })
})

/** Ends nsnet by `kill -9` before it deletes a file for the time that is given. */
const killing = (at: number) => `import files from 'node:fs/promises'
  import { syncBuiltinESMExports } from 'node:module'
  const { rm } = files
  let count = 0
  files.rm = async (path, ...how) => {
    if (/runs/.test(path) && ++count === ${at}) process.kill(process.pid, 'SIGKILL')
    await rm(path, ...how)
  }
  syncBuiltinESMExports()`

test('killed on the way, it leaves runs that are whole, and does the rest the next time', async () => {
  const store = await openStore(stateDir())
  for (const id of ['one', 'two']) addRun(store, 1, startedAs(id), ...over)
  const before = await store.list()
  for (const at of [1, 2]) {
    const load = `data:text/javascript,${encodeURIComponent(killing(at))}`
    const argv = ['--import', load, 'dist/nsnet.js', 'prune', '--keep', '0', '--state-dir', store.dir]
    expect(spawnSync(process.execPath, argv)).toMatchObject({ signal: 'SIGKILL' })
    expect(await store.list()).toEqual(before)
  }
  expect(prune(store, '--keep', '0').stdout).toContain('deleted 2 of 2 runs')
  expect(runsIn(store)).toEqual([])
})

test('several at once delete each run once, and a run that is worked on meanwhile stays', async () => {
  const store = await openStore(stateDir())
  const ids = Array.from({ length: 12 }, (_, n) => `over${n}`)
  for (const id of ids) addRun(store, 1, startedAs(id), ...over)
  const lock = await store.lock(startedAs('over5'), 'somebody', false)
  const prunes = await Promise.all(
    [1, 2, 3].map(async () => {
      const argv = ['dist/nsnet.js', 'prune', '--keep', '0', '--json', '--state-dir', store.dir]
      const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
      let text = ''
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
      const [code] = await once(child, 'close')
      return { code: code as number, ...(JSON.parse(text) as { deleted: { id: string }[]; kept: { id: string }[] }) }
    }),
  )
  await lock.release()
  expect(prunes.map(({ code }) => code)).toEqual([0, 0, 0])
  const deleted = prunes.flatMap((it) => it.deleted.map(({ id }) => id)).toSorted()
  expect(deleted).toEqual(ids.filter((id) => id !== 'over5').toSorted())
  expect(existsSync(store.journalPath('over5'))).toBe(true)
  await expect(store.entries('over1')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
})
