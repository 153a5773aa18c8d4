import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { openStore } from '../../journal/store.ts'
import {
  applied,
  failed,
  interrupted,
  planned,
  resumed,
  satisfied,
  started,
  undoFailed,
  undone,
  undoStarted,
} from '../support/events.ts'
import { entriesIn, openedAt } from '../support/journals.ts'
import { linesOf } from '../support/lines.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-sense-'))
afterAll(() => rmSync(dir, { recursive: true }))

const path = join(dir, 'r1.jsonl')

async function mistakeIn(...events: readonly unknown[]): Promise<string> {
  writeFileSync(path, linesOf(events))
  const told = await Promise.all([entriesIn(path), openedAt(path)].map((it) => it.catch((error: unknown) => error)))
  const [read, opened] = told as readonly { readonly code?: string; readonly message: string }[]
  expect(read).toMatchObject({ code: 'JOURNAL_BROKEN', hint: expect.stringContaining('restore it') })
  expect(opened!.message).toBe(read!.message)
  return read!.message.replace(path, '')
}

test('takes every event that nsnet writes, and fields that a newer one may add', async () => {
  const { facts } = started('a')
  const events: readonly RunEvent[] = [
    started('a', 'b'),
    planned('a'),
    applied('a'),
    satisfied('b'),
    failed('b'),
    interrupted,
    resumed,
    { type: 'RunResumed', facts },
    undoStarted(),
    undoStarted('a'),
    undone('b'),
    undoFailed('a'),
    { type: 'StepKept', step: 'a', reason: 'r', neededBy: ['r2'], durationMs: 1 },
  ]
  writeFileSync(path, linesOf(events.map((event) => ({ ...event, more: { of: 'it' } }))))
  expect((await entriesIn(path)).map(({ event }) => event.type)).toEqual(events.map(({ type }) => type))
})

const other = (fields: object): object => ({ ...started('a'), ...fields })
const step = (fields: object): readonly unknown[] => [started('a'), { ...applied('a'), ...fields }]

test.each([
  ['no beginning', [planned('a')], ':1: expected a journal to begin with RunStarted, got StepPlanned'],
  ['a second beginning', [started('a'), started('a')], ':2: expected a run to start once, got RunStarted again'],
  ['another run', [other({ run: '../r2' })], ':1: expected the journal of run "r1", as its file is named, got "../r2"'],
  ['a step twice', [started('a', 'a')], ':1: expected each step once, got one twice'],
  ['a step it lacks', [started('a'), planned('b')], ':2: expected a step of the run, got "b"'],
  ['an inherited step', [started('a'), planned('constructor')], ':2: expected a step of the run, got "constructor"'],
  ['an undo to a step it lacks', [started('a'), undoStarted('b')], ':2: expected a step of the run, got "b"'],
  [
    'an unknown event',
    [started('a'), { type: 'StepBlessed', step: 'a' }],
    ':2: /event/type: expected an event that nsnet knows, got "StepBlessed"',
  ],
  ['no event', [null], ':1: /event: expected an object, got null'],
  ['no steps', [other({ steps: undefined })], ':1: /event/steps: expected a field "steps" (an array), got nothing'],
  ['steps that are none', [other({ steps: 7 })], ':1: /event/steps: expected an array, got 7'],
  ['facts that are none', [other({ facts: [] })], ':1: /event/facts: expected an object, got []'],
  ['commands without words', [started('a'), { ...planned('a'), apply: [{ argv: [] }] }], ':2: /event/apply/0/argv: '],
  ['commands of numbers', [started('a'), { ...planned('a'), undo: [{ argv: [1] }] }], ':2: /event/undo/0/argv/0: '],
  ['no state before', [started('a'), { ...planned('a'), before: undefined }], ':2: /event/before: expected'],
  ['no way back', step({ undo: undefined }), ':2: /event/undo: expected a field "undo" (an array), got nothing'],
  ['netns that are none', step({ netns: { a: 'x' } }), ':2: /event/netns/a: expected an object, got "x"'],
  ['an escape as step', [started('\x1b[2J')], ':1: /event/steps/0/id: expected the id of a step, got "\\u001b[2J"'],
  ['depth', step({ after: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) }), ':2: expected at most 200 levels'],
])('refuses %s', async (_, events, message) => {
  expect(await mistakeIn(...events)).toContain(message)
})

test('lists the other runs when the events of one make no sense', async () => {
  mkdirSync(join(dir, 'state', 'runs'), { recursive: true, mode: 0o700 })
  const store = await openStore(join(dir, 'state'))
  for (const [id, events] of [
    ['good', [{ ...started('a'), run: 'good' }]],
    ['bad', [planned('a')]],
    ['copy', [{ ...started('a'), run: 'good' }]],
  ] as const)
    writeFileSync(store.journalPath(id), linesOf(events))
  expect((await store.list()).map(({ id, status }) => [id, status]).toSorted()).toEqual([
    ['bad', 'broken journal'],
    ['copy', 'broken journal'],
    ['good', 'running'],
  ])
})
