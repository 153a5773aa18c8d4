import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { differences } from '../../core/difference.ts'
import { equal, type Json } from '../../core/json.ts'

describe('tells where', () => {
  const table: readonly (readonly [string, Json, Json, readonly unknown[]])[] = [
    ['nothing differs', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ['a value differs', { a: { b: 1 } }, { a: { b: 2 } }, [['/a/b', 1, 2]]],
    ['a field is missing', { a: 1, b: 2 }, { b: 2 }, [['/a', 1, undefined]]],
    ['a field was added', {}, { 'a/b': 1 }, [['/a~1b', undefined, 1]]],
    ['a field is null instead of missing', { a: null }, {}, [['/a', null, undefined]]],
    ['an item was put first', [1, 2], [0, 1, 2], [['/0', undefined, 0]]],
    ['an item is missing in the middle', ['x', 'y', 'z'], ['x', 'z'], [['/1', 'y', undefined]]],
    ['an item stands there twice', ['x'], ['x', 'x'], [['/1', undefined, 'x']]],
    ['an item changed inside', [{ n: 1, m: 5 }, { n: 2 }], [{ n: 1, m: 6 }, { n: 2 }], [['/0/m', 5, 6]]],
    ['the order is another', ['x', 'y'], ['y', 'x'], [['', ['x', 'y'], ['y', 'x']]]],
    ['a list became an object', { a: [1] }, { a: { '0': 1 } }, [['/a', [1], { '0': 1 }]]],
    ['a prototype name was added', {}, { constructor: 1 }, [['/constructor', undefined, 1]]],
  ]
  test.each(table)('%s', (_, expected, found, result) =>
    expect(differences(expected, found).map(({ pointer, ...it }) => [pointer, it.expected, it.found])).toEqual(result),
  )
})

test('no difference means equal, and equal means no difference', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(differences(a as Json, b as Json).length === 0).toBe(equal(a as Json, b as Json))
      expect(differences(a as Json, a as Json)).toEqual([])
    }),
  )
})
