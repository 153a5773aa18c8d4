import fc from 'fast-check'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { createJournal } from '../../journal/journal.ts'
import { applied, planned, started } from '../support/events.ts'
import { entriesIn, openedAt } from '../support/journals.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-journal-'))
afterAll(() => rmSync(dir, { recursive: true }))

let count = 0

/** A place for a journal of the run r1. */
function newPath(): string {
  const own = join(dir, `${count++}`)
  mkdirSync(own)
  return join(own, 'r1.jsonl')
}

async function journalOfThree(): Promise<string> {
  const path = newPath()
  const journal = await createJournal(path)
  for (const event of [started('a'), planned('a'), applied('a')]) await journal.append([event])
  await journal.close()
  return path
}

test('gives back the events it was given, numbered', async () => {
  const entries = await entriesIn(await journalOfThree())
  expect(entries.map(({ seq, event }) => [seq, event.type])).toEqual([
    [1, 'RunStarted'],
    [2, 'StepPlanned'],
    [3, 'StepApplied'],
  ])
})

test('is readable for its owner only', async () => expect(statSync(await journalOfThree()).mode & 0o777).toBe(0o600))

test('goes on where it was left', async () => {
  const path = await journalOfThree()
  const { journal } = await openedAt(path)
  await journal.append([{ type: 'RunResumed' }])
  await journal.close()
  expect((await entriesIn(path)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
})

test('does not follow a symbolic link', async () => {
  const link = newPath()
  symlinkSync(await journalOfThree(), link)
  await expect(openedAt(link)).rejects.toMatchObject({ code: 'STATE_DIR_UNSAFE' })
  await expect(entriesIn(link)).rejects.toMatchObject({ code: 'STATE_DIR_UNSAFE' })
})

test('cuts off a last line that is torn at any byte', async () => {
  const whole = readFileSync(await journalOfThree())
  const lastLine = whole.lastIndexOf(0x0a, -2) + 1
  const path = newPath()
  for (let end = lastLine; end < whole.length; end++) {
    writeFileSync(path, whole.subarray(0, end))
    const { journal, entries } = await openedAt(path)
    expect({ entries: entries.length, torn: journal.torn }).toEqual({ entries: 2, torn: end - lastLine })
    await journal.close()
    expect(statSync(path).size).toBe(lastLine)
  }
})

test('of several events in one write that is torn at any byte, those count that are whole', async () => {
  const path = newPath()
  const begun = await createJournal(path)
  await begun.append([started('a')])
  await begun.append([planned('a'), applied('a'), { type: 'RunInterrupted', signal: 'SIGINT' }])
  await begun.close()
  const whole = readFileSync(path)
  for (let end = whole.indexOf(0x0a) + 1; end <= whole.length; end++) {
    writeFileSync(path, whole.subarray(0, end))
    const { journal, entries } = await openedAt(path)
    const size = whole.subarray(0, end).lastIndexOf(0x0a) + 1
    const lines = whole.toString('utf8', 0, size).split('\n').length - 1
    expect({ entries: entries.length, torn: journal.torn }).toEqual({ entries: lines, torn: end - size })
    await journal.close()
    expect(statSync(path).size).toBe(size)
  }
})

test.each(['appendFile', 'datasync'] as const)('a %s that fails leaves the journal as it was', async (call) => {
  const path = await journalOfThree()
  const before = readFileSync(path)
  const { journal } = await openedAt(path)
  const file = await open(path, 'a')
  vi.spyOn(Object.getPrototypeOf(file), call).mockImplementationOnce(async () => {
    await file.write('{"half":')
    throw new Error('EIO: i/o error')
  })
  const events: readonly RunEvent[] = [{ type: 'RunResumed' }, { type: 'RunInterrupted', signal: 'SIGINT' }]
  await expect(journal.append(events)).rejects.toMatchObject({ code: 'JOURNAL_UNWRITABLE' })
  expect(readFileSync(path).equals(before)).toBe(true)
  expect((await journal.append(events)).map(({ seq }) => seq)).toEqual([4, 5])
  expect(await entriesIn(path)).toHaveLength(5)
  await Promise.all([file.close(), journal.close()])
})

test('refuses a journal with any byte flipped, names the line, and writes nothing', async () => {
  const whole = readFileSync(await journalOfThree())
  const path = newPath()
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 2), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const flipped = Buffer.from(whole)
      flipped[at]! ^= mask
      writeFileSync(path, flipped)
      await expect(openedAt(path)).rejects.toMatchObject({
        code: 'JOURNAL_BROKEN',
        message: expect.stringMatching(/:[1-4]: /),
      })
      expect(readFileSync(path).equals(flipped)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('refuses a line that was left out', async () => {
  const path = await journalOfThree()
  const [first, , third] = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, `${first}\n${third}\n`)
  await expect(entriesIn(path)).rejects.toThrow(`${path}:2: expected the check sum`)
})

test('says which format version it cannot read', async () => {
  const path = await journalOfThree()
  appendFileSync(path, '{"v":2}\n')
  await expect(entriesIn(path)).rejects.toThrow(`${path}:4: expected format version 1, got 2`)
})
