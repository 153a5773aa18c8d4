import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bootOf } from '../../../library/facts.ts'
import { lookAtState } from '../../../cli/doctor/state-look.ts'
import { stateFindings, type StateSeen } from '../../../cli/doctor/state.ts'
import type { RunEvent } from '../../../core/events.ts'
import { openStore } from '../../../journal/store.ts'
import { planned, started } from '../../support/events.ts'
import { context } from '../../support/given.ts'

const root = mkdtempSync(join(tmpdir(), 'nsnet-doctor-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Findings by what they are of, with the fix. */
const found = (seen: StateSeen, given?: string) =>
  stateFindings(seen, given).map(({ what, level, found: is, fix = '' }) => `${level} ${what}: ${is} → ${fix}`)

const look = async (dir: string): Promise<readonly string[]> => found(await lookAtState(dir))

describe('a directory', () => {
  test('that is not there can be made, and is not made; what tried it is gone', async () => {
    const place = mkdtempSync(join(root, 'empty-'))
    expect(await look(join(place, 'a', 'b'))).toEqual([
      expect.stringContaining(`ok directory: ${place}/a/b can be made`),
      expect.stringContaining('ok locks: hold'),
      expect.stringContaining('free'),
    ])
    expect(readdirSync(place)).toEqual([])
  })

  test('that is there is looked at with its runs; what tried it is gone', async () => {
    const { dir, turn } = await openStore(join(root, 'there'))
    await (await turn('shared')).release()
    const before = readdirSync(dir)
    expect(await look(dir)).toEqual([
      expect.stringMatching(/^ok directory: .* can be written/),
      expect.stringContaining('ok locks: hold'),
      expect.stringContaining('free'),
      expect.stringContaining('ok index: none yet'),
      expect.stringContaining('ok runs: 0'),
    ])
    expect(readdirSync(dir).filter((name) => !name.startsWith('index.'))).toEqual(before)
  })

  const open = join(root, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  const link = join(root, 'link')
  symlinkSync(open, link)
  const file = join(root, 'file')
  writeFileSync(file, '')
  test.each([
    ['that others can write to', open, /only its owner can write to → close it: chmod 700/],
    ['that is a symbolic link', link, /no symbolic link → name another directory/],
    ['that is a file', file, /cannot make|expected a directory/],
    ['below a file', join(file, 'state'), /is not there and cannot be made: ENOTDIR: not a directory → name another/],
    ['where none can be made', '/proc/nsnet', /is not there and cannot be made: /],
  ])('%s fails, with the fix', async (_, dir, words) => {
    const lines = await look(dir)
    expect(lines.filter((line) => line.startsWith('fail'))).toEqual([expect.stringMatching(words)])
    expect(lines[0]).toMatch(/^fail directory/)
  })
})

async function addRun(dir: string, id: string, ...events: readonly RunEvent[]): Promise<void> {
  const journal = await (await openStore(dir)).create(id)
  const first = { ...started('a'), run: id, facts: { ...context.facts, boot: bootOf() } }
  await journal.append([first, ...events])
  await journal.close()
}

test('runs that wait for somebody are named with what to type, and what is broken too', async () => {
  const dir = join(root, 'runs')
  await addRun(dir, 'stopped', planned('a'))
  await addRun(dir, 'broken')
  writeFileSync(join(dir, 'runs', 'broken.jsonl'), 'nonsense\n')
  writeFileSync(join(dir, 'index.json'), '{')
  const seen = await lookAtState(dir)
  expect(found(seen, dir).slice(3)).toEqual([
    expect.stringMatching(/^warn index: could not be read/),
    expect.stringMatching(/^ok runs: 2/),
    `warn journal: of run broken is broken → see at which line, and restore it: nsnet show broken --state-dir ${dir}`,
    `warn run: stopped is interrupted → go on with it: nsnet resume stopped --state-dir ${dir}\nor take it back: nsnet undo stopped --state-dir ${dir}`,
  ])
  expect(Date.parse(seen.newest)).toBeGreaterThan(Date.now() - 60_000)
  expect(await look(dir)).toContain('ok index: can be read → ')
})

describe('what cannot be made by hand everywhere:', () => {
  const seen: StateSeen = {
    dir: '/s',
    place: '/s',
    exists: true,
    free: 1e9,
    trial: { locks: true },
    index: 'none',
    runs: [],
    newest: '',
  }
  test.each([
    ['a file system that grants every lock', { trial: { locks: false } }, /^fail locks: do not hold: a second one/],
    [
      'a file system without locks',
      { trial: { locks: 'flock: 3: No locks available' } },
      /^fail locks: .*No locks avail/,
    ],
    ['little space', { free: 20 * 1024 * 1024 }, /^warn space: 20 MiB free → make room in \/s, or name another/],
    ['no space', { free: 4096 }, /^fail space: 4 KiB free/],
  ])('%s', (_, more, words) =>
    expect(found({ ...seen, ...more }).filter((line) => !line.startsWith('ok'))).toEqual([
      expect.stringMatching(words),
    ]),
  )
  test('a file system that does not say how much is free', () =>
    expect(found({ ...seen, free: null }).join('\n')).not.toContain('space'))
})
