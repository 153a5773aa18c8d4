import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { behind, cut, cutStart, oneLine, padTo, widthOf, wrapped } from '../../cli/text.ts'
import { plainValue } from '../../cli/plain-value.ts'
import { ago, since } from '../../cli/times.ts'
import { table } from '../../cli/terminal.ts'

/** Texts with wide, combining and ordinary characters. */
const anyText = fc
  .array(fc.constantFrom('a', ' ', 'ä', 'e\u0301', '漢', '👩‍👩‍👧', '✓', '…', 'ｶﾞ'), { maxLength: 40 })
  .map((parts) => parts.join(''))

describe('a text that is cut', () => {
  test('fits, is not cut more than it has to, and stays as it is where it fits', () =>
    fc.assert(
      fc.property(anyText, fc.integer({ min: 3, max: 60 }), (text, columns) => {
        const fits = widthOf(text) <= columns
        for (const short of [cut(text, columns), cutStart(text, columns)]) {
          expect(widthOf(short)).toBeLessThanOrEqual(columns)
          expect(short === text || (!fits && widthOf(short) >= columns - 1)).toBe(true)
        }
      }),
    ))
  test('keeps its beginning, or its end', () =>
    expect([cut('/a/path/to/file', 8), cutStart('/a/path/to/file', 8)]).toEqual(['/a/path…', '…to/file']))
  test('ends the colours that it began', () => {
    const text = '\x1b[32m✓ applied\x1b[39m \x1b[2m3 ms\x1b[22m done'
    for (let columns = 1; columns < 20; columns += 1) {
      const short = cut(text, columns)
      expect({ columns, colours: short.match(/\x1b\[\d+m/g) }).toEqual({ columns, colours: text.match(/\x1b\[\d+m/g) })
      expect(widthOf(short)).toBe(Math.min(columns, widthOf(text)))
    }
  })
})

test('padding and tables count columns, not characters', () => {
  expect(padTo('漢', 4)).toBe('漢  ')
  expect(
    table([
      ['漢字', 'x'],
      ['ab', 'y'],
    ]),
  ).toEqual(['漢字  x', 'ab    y'])
  expect(oneLine('a\nb\tc\x1b')).toBe('a⏎ b c\\x1b')
})

describe('words that are wrapped', () => {
  test('stand below each other, behind what is before them, and longer ones stay whole', () =>
    expect(wrapped(['ip', 'link', 'add', 'a-very-long-name', 'up'], 4, 14, ' \\').split('\n')).toEqual([
      'ip link \\',
      '    add \\',
      '    a-very-long-name \\',
      '    up',
    ]))
  test('stay on one line in a pipe, but for the lines that they have', () =>
    expect(behind(`${'word '.repeat(50)}\nmore`, 2, Infinity)).toBe(`${'word '.repeat(50)}\n  more`))
  test('fit wherever each word fits', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'four', '漢字'), { minLength: 1 }), (words) => {
        const lines = wrapped(words, 3, 12, ' \\').split('\n')
        const widths = lines.map((line, at) => widthOf(line) + (at === 0 ? 3 : 0))
        expect(Math.max(...widths)).toBeLessThanOrEqual(12)
        expect(lines.map((line) => line.replace(/ \\$/, '').trim()).join(' ')).toBe(words.join(' '))
      }),
    ))
})

test('values read as people write them, and texts that look like something else are in quotes', () =>
  expect(
    plainValue({
      name: 'veth',
      mtu: 1500,
      none: null,
      text: '70',
      flag: 'true',
      odd: 'a: b',
      list: ['x', {}],
      ip: '10.0.0.1',
    }),
  ).toBe('name: veth, mtu: 1500, none: null, text: "70", flag: "true", odd: "a: b", list: [x, {}], ip: 10.0.0.1'))

test('times are told in the unit that people use', () => {
  const now = Date.parse('2026-01-03T00:00:00Z')
  const before = (seconds: number) => ago(new Date(now - seconds * 1000).toISOString(), now)
  expect([5, 90, 7_300, 200_000].map(before)).toEqual(['5 s ago', '1 min ago', '2 h ago', '2 days ago'])
  expect([0, 1234, 75_000, 3_700_000, 266_400_000].map(since)).toEqual([
    '+0.000s',
    '+1.234s',
    '+1m 15s',
    '+1h 1m',
    '+3d 2h',
  ])
})
