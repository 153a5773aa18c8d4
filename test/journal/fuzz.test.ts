import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NsnetError } from '../../core/errors.ts'
import { replay } from '../../core/moment.ts'
import { lineReader, linesIn } from '../../journal/format.ts'
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
import { linesOf } from '../support/lines.ts'
import { mutated } from '../support/mutated.ts'

/** Whatever the bytes are: they are read and can be folded, or are refused by code and line; and it takes no time. */
function expectReadOrRefused(bytes: Buffer): void {
  const began = process.cpuUsage()
  expect(outcomeOf(bytes)).toBe('fine')
  expect(process.cpuUsage(began).user, 'microseconds').toBeLessThan(1_000_000)
}

function outcomeOf(bytes: Buffer): unknown {
  try {
    const { entries } = linesIn(bytes, lineReader('/runs/r1.jsonl', undefined))
    if (entries.length > 0) replay(entries.map(({ event }) => event))
    return 'fine'
  } catch (error) {
    const refused = error instanceof NsnetError && error.code === 'JOURNAL_BROKEN'
    return refused && /^\/runs\/r1\.jsonl:\d+: .*expected /.test(error.message) ? 'fine' : error
  }
}

const journals = fc
  .array(
    fc.constantFrom(
      planned('a'),
      applied('a'),
      satisfied('b'),
      failed('b'),
      interrupted,
      resumed,
      undoStarted(),
      undoStarted('a'),
      undone('a'),
      undoFailed('b'),
      { ...resumed, facts: started('a').facts },
    ),
    { maxLength: 12 },
  )
  .map((events) => [started('a', 'b'), ...events])

const bounded = { interruptAfterTimeLimit: 5_000, numRuns: 2_000 }

test('the reader of journals withstands any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => expectReadOrRefused(Buffer.from(bytes))),
    bounded,
  )
})

test('the reader of journals withstands any events in any order', () => {
  fc.assert(
    fc.property(journals, (events) => expectReadOrRefused(Buffer.from(linesOf(events)))),
    bounded,
  )
})

test('the reader of journals withstands bytes that were changed, left out or doubled', () => {
  const changed = fc.tuple(journals, fc.nat(), fc.nat(40), fc.uint8Array({ maxLength: 40 }))
  fc.assert(
    fc.property(changed, ([events, at, length, bytes]) => {
      const whole = Buffer.from(linesOf(events))
      const from = at % whole.length
      expectReadOrRefused(Buffer.concat([whole.subarray(0, from), bytes, whole.subarray(from + length)]))
    }),
    bounded,
  )
})

test('the reader of journals withstands events that were changed and summed anew', () => {
  fc.assert(
    fc.property(mutated(journals), (events) => expectReadOrRefused(Buffer.from(linesOf([events].flat())))),
    bounded,
  )
})
