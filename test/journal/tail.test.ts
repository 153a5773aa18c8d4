import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createJournal } from '../../journal/journal.ts'
import { followJournal } from '../../journal/tail.ts'
import { applied, planned, started } from '../support/events.ts'
import { workspace } from '../support/runs.ts'

const { stateDir } = workspace()

/** A journal of a run with two steps, and a tail that has read its beginning. */
async function followed() {
  const path = `${stateDir()}/r1.jsonl`
  const journal = await createJournal(path)
  await journal.append([started('a', 'b')])
  const tail = await followJournal(path)
  const next = async () => (await tail.next()).map(({ seq, event }) => `${seq} ${event.type}`)
  expect(await next()).toEqual(['1 RunStarted'])
  return { path, journal, next, close: () => Promise.all([tail.close(), journal.close()]) }
}

test('gives each event once, as it comes', async () => {
  const { journal, next, close } = await followed()
  expect(await next()).toEqual([])
  await journal.append([planned('a')])
  await journal.append([applied('a')])
  expect(await next()).toEqual(['2 StepPlanned', '3 StepApplied'])
  expect(await next()).toEqual([])
  await close()
})

test('waits for the end of a line, and reads anew what replaces one that was never ended', async () => {
  const { path, journal, next, close } = await followed()
  const size = readFileSync(path).length
  await journal.append([planned('a')])
  const line = readFileSync(path).subarray(size)
  truncateSync(path, size)
  appendFileSync(path, 'x'.repeat(line.length - 1))
  expect(await next()).toEqual([])
  truncateSync(path, size)
  appendFileSync(path, line.subarray(0, 20))
  expect(await next()).toEqual([])
  appendFileSync(path, line.subarray(20))
  expect(await next()).toEqual(['2 StepPlanned'])
  await close()
})

test('refuses a line that was changed, and a journal that became shorter', async () => {
  const { path, journal, next, close } = await followed()
  const size = readFileSync(path).length
  await journal.append([planned('a')])
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace('"true"', '"fake"'))
  await expect(next()).rejects.toMatchObject({
    code: 'JOURNAL_BROKEN',
    message: expect.stringContaining(`${path}:2: `),
  })
  truncateSync(path, size - 1)
  await expect(next()).rejects.toMatchObject({ code: 'JOURNAL_BROKEN', message: expect.stringContaining('at least') })
  await close()
})
