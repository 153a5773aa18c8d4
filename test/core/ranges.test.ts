import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  between,
  downwards,
  first,
  from,
  has,
  including,
  last,
  none,
  union,
  upwards,
  without,
} from '../../core/ranges.ts'

const numbers = fc.array(fc.nat(30), { maxLength: 40 })
const setOf = (list: readonly number[]) => list.reduce(including, none)
const sorted = (list: Iterable<number>): readonly number[] => [...new Set(list)].toSorted((a, b) => a - b)

test('a set is what was put in and not taken out', () => {
  fc.assert(
    fc.property(numbers, numbers, (put, taken) => {
      const set = taken.reduce(without, setOf(put))
      const expected = sorted(put.filter((number) => !taken.includes(number)))
      expect([...upwards(set)]).toEqual(expected)
      expect([...downwards(set)]).toEqual(expected.toReversed())
      expect([first(set), last(set)]).toEqual([expected[0], expected.at(-1)])
      for (let number = 0; number <= 30; number++) expect(has(set, number)).toBe(expected.includes(number))
    }),
  )
})

test('sets are joined and cut', () => {
  fc.assert(
    fc.property(numbers, numbers, fc.nat(30), (a, b, start) => {
      expect([...upwards(union(setOf(a), setOf(b)))]).toEqual(sorted([...a, ...b]))
      expect([...upwards(from(setOf(a), start))]).toEqual(sorted(a.filter((number) => number >= start)))
    }),
  )
})

test('numbers in a row are one range', () => {
  expect(setOf([3, 1, 2, 7, 9, 8])).toEqual([
    [1, 3],
    [7, 9],
  ])
  expect([between(2, 4), between(4, 2)]).toEqual([[[2, 4]], []])
})
