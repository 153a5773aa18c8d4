import { expect, test } from 'vitest'
import { lastOf, nextOf } from '../../core/effects/batch.ts'
import { replay } from '../../core/moment.ts'
import { satisfied, started, undoStarted } from '../support/events.ts'

test.each([
  [7, 7],
  [1000, 1000],
  [1101, 1101],
  [1500, 1500],
  [1501, 1000],
  [11_001, 1000],
])('of %i steps a batch has %i, forth and back', (count, size) => {
  const ids = Array.from({ length: count }, (_, at) => `s${at}`)
  const events = [started(...ids)]
  expect(nextOf(replay(events))).toEqual(ids.slice(0, size))
  const done = replay([...events, ...ids.map((id) => satisfied(id)), undoStarted()])
  expect(lastOf(done)).toEqual(ids.toReversed().slice(0, size))
})
