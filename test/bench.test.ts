import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compare } from '../bench/compare.ts'
import { contest, type Contestant, type Length } from '../bench/contest.ts'
import { median, type LeftOut, type Row, type Section } from '../bench/figures.ts'
import { growth } from '../bench/growth.ts'
import { optionsIn } from '../bench/options.ts'
import { reachOf, type Reach } from '../bench/reach.ts'
import { groupNames } from '../bench/setting.ts'
import { tablesOf } from '../bench/table.ts'
import { workspace } from './support/runs.ts'

const { dir } = workspace()

interface Figures {
  readonly machine: object
  readonly sections: readonly Section[]
  readonly reach: readonly Reach[]
}

test('measures everything in a quick round, and each figure is a positive number', () => {
  const json = join(dir, 'figures.json')
  const own = join(dir, 'quick')
  mkdirSync(own)
  const args = ['scripts/bench.mjs', '--quick', '--json', json, '--dir', own]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect({ status, stdout, stderr }).toMatchObject({ status: 0 })
  const { sections, reach } = JSON.parse(readFileSync(json, 'utf8')) as Figures
  expect(sections.map(({ id }) => id)).toEqual(quickSections)
  const rows = sections.flatMap((section) => section.rows)
  const [measured, leftOut] = [rows.filter(isRow), rows.filter((row) => !isRow(row))]
  expect(measured.flatMap(numbersOf).filter((figure) => !(figure > 0 && figure < Infinity))).toEqual([])
  // peers may be missing, and are left out by name with what to install
  for (const row of leftOut) expect(row).toMatchObject({ leftOut: expect.stringMatching(/^apt-get install \S+/) })
  expect(measured.filter(({ name }) => name === 'nsnet').length).toBe(4)
  expect(reach.filter((one) => one.measured !== undefined).map(({ name }) => name)).toEqual([
    'run internet',
    'undo internet',
  ])
  for (const { title, rows: each } of sections)
    for (const name of [title, each[0]!.name]) expect(stdout).toContain(name)
  expect(readdirSync(own)).toEqual([])
})

test('leaves nothing behind when it is asked to stop', async () => {
  const own = join(dir, 'stopped')
  mkdirSync(own)
  const args = ['scripts/bench.mjs', '--only', 'many', '--dir', own]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  await once(child.stderr, 'data')
  expect(readdirSync(own)).toHaveLength(1)
  child.kill('SIGTERM')
  expect(await ended).toEqual([143, null])
  expect(readdirSync(own)).toEqual([])
  expect(spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout).not.toContain(own)
})

test('understands what it is asked to measure', () => {
  expect(optionsIn([])).toMatchObject({ sizes: [10, 100, 1000], rounds: 20, only: groupNames })
  const some = ['--only', 'runs', '--only', 'one', '--sizes', '1,20', '--patience', '7', '--json', 'a']
  expect(optionsIn(some)).toMatchObject({ only: ['one', 'runs'], sizes: [1, 20], patience: 7, json: 'a' })
  for (const wrong of [['--only', 'nothing'], ['--sizes', 'ten'], ['--fast']]) expect(optionsIn(wrong)).toBe(undefined)
})

test('contestants take turns to be the first, and ratios are of one round', async () => {
  const order: string[] = []
  const player = (name: string, ...ms: readonly number[]): Contestant => {
    const left = [...ms]
    return {
      name,
      round: () => {
        order.push(name)
        return { up: left.shift()! }
      },
    }
  }
  const results = await contest([player('nsnet', 9, 10, 20, 30), player('other', 9, 20, 10, 10)], three, nothing)
  expect(order.join(' ')).toBe('nsnet other other nsnet nsnet other other nsnet')
  const { rows, versus } = compare(results, { ...how, with: 'nsnet', ratio: 'of it' })
  expect(versus).toBe('nsnet ÷ it')
  expect(rows).toEqual([
    { name: 'nsnet', unit: 'ms', median: 20, best: 10, rounds: 3, each: 10 },
    { name: 'other', unit: 'ms', median: 10, best: 10, rounds: 3, each: 5, ratio: 2 },
  ])
})

test('one that fails, is missing, or has had its time is out of the contest', async () => {
  let cleaned = 0
  const contestants: readonly Contestant[] = [
    { name: 'nsnet', round: () => ({ up: 1 }) },
    { name: 'broken', round: broken },
    { name: 'missing', missing: 'apt-get install it', round: broken },
    { name: 'once', atMost: 1, round: () => ({ up: 4 }) },
  ]
  const results = await contest(contestants, three, () => void (cleaned += 1))
  const { rows } = compare(results, { ...how, with: 'nsnet', ratio: 'to it' })
  expect(rows.slice(1)).toEqual([
    { name: 'broken', leftOut: 'failed: did not do the job' },
    { name: 'missing', leftOut: 'apt-get install it' },
    { name: 'once', unit: 'ms', median: 4, best: 4, rounds: 1, each: 2, ratio: 4 },
  ])
  expect(cleaned).toBe(1)
  const [late] = await contest([{ name: 'late', round: () => ({ up: 1 }) }], { ...three, patienceMs: -1 }, nothing)
  expect(late!.rounds).toEqual([undefined, undefined, undefined])
})

test('the median is the middle one, or between the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
})

test('growth and reach are told from the tables, which fit into 80 columns', () => {
  const sections = [table(100, 500, 5000, 250), table(1000, 6000, 40_000, 5000)]
  expect(growth(sections, [100, 1000])).toMatchObject([
    {
      rows: [
        { name: 'run, one netns of 100', median: 5 },
        { name: 'run, one netns of 1000', median: 6, ratio: 1.2 },
      ],
    },
  ])
  const reach = reachOf(sections)
  expect(reach.filter(({ measured }) => measured !== undefined)).toMatchObject([
    { against: 'bash loop', measured: 0.1, reached: true },
    { against: 'bash loop', measured: 0.15, reached: false },
    { against: 'ip -batch, iptables-restore', measured: 2, reached: false },
    { against: 'ip -batch, iptables-restore', measured: 1.2, reached: true },
  ])
  const text = tablesOf([...sections, ...growth(sections, [100, 1000])], reach)
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  expect(text).toMatch(/run, each of 100 netns: bash loop +0\.100 × +0\.12 × +yes/)
})

function broken(): never {
  throw new Error('did not do the job')
}

/** A table of many netns; its ratios are those of its medians. */
function table(size: number, ...ms: readonly number[]): Section {
  const rows = ['nsnet', 'bash loop', 'ip -batch, iptables-restore'].map((name, at): Row => ({
    name,
    unit: 'ms',
    median: ms[at]!,
    best: 1,
    rounds: 1,
    each: 123.456,
    ratio: ms[0]! / ms[at]!,
  }))
  return { id: `many.run.${size}`, title: `${size} netns: set up`, versus: 'nsnet ÷ it', rows }
}

const quickSections = [
  'start',
  'journal',
  'one.run',
  'one.undo',
  'many.run.2',
  'many.undo.2',
  'many.nsnet.2',
  'long.2',
  'resume.2',
  'runs',
]

const how = { id: 'one', title: 'one', what: 'up', unit: 'ms', size: 2 } as const
const three: Length = { rounds: 3, warmUp: 1, patienceMs: 60_000 }
const nothing = (): void => undefined

const isRow = (row: Row | LeftOut): row is Row => 'median' in row

const numbersOf = ({ median: middle, best, rounds, each = 1, ratio = 1 }: Row): readonly number[] => [
  middle,
  best,
  rounds,
  each,
  ratio,
]
