import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { show } from '../../core/command.ts'
import { beginningOf } from '../../core/beginning.ts'
import { hiddenEvent } from '../../core/hidden-event.ts'
import { checkOf, fits } from '../../core/secret-check.ts'
import { mistakeInSecret, secretsIn, secretsOf } from '../../core/secret.ts'
import { planned } from '../support/events.ts'

/** Characters that shells, JSON, regular expressions and iptables take for something else, and some plain ones. */
const nasty = fc.constantFrom(...`abcDEF19 '"\\$\`.*+?()[]{}|^#;&<>!~%\n\té→`)

const secret = fc
  .string({ unit: nasty, minLength: 4, maxLength: 24 })
  .filter((text) => mistakeInSecret('one', text, []) === undefined)

/** Two secrets, which may overlap or be parts of one another. */
const two = fc.oneof(
  fc.tuple(secret, secret),
  fc.tuple(secret, secret).map(([one, other]) => [one, one + other] as const),
  fc.tuple(secret, secret).map(([one, other]) => [one + other.slice(0, 4), one.slice(-4) + other] as const),
)

const writings = (text: string): readonly string[] => [
  text,
  text.toLowerCase(),
  JSON.stringify(text),
  show({ argv: [text] }),
  text.replace(/[\\"']/g, '\\$&'),
  Buffer.from(text).toString('hex'),
]

/** A tree of texts with secrets, and with texts that look like their markers. */
const treeWith = (secrets: readonly string[]): fc.Arbitrary<unknown> => {
  const markers = ['«secret:', '«secret:»', '«secret:one»', '«secret:two:hex»', '«', ':', '»']
  const piece = fc.oneof(fc.constantFrom(...secrets.flatMap(writings), ...markers), fc.string({ unit: nasty }))
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
  return fc.letrec((tie) => ({
    tree: fc.oneof(text, fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(text, tie('tree'), { maxKeys: 3 })),
  })).tree
}

const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)])
}

const twoInTree = two.chain(([one, other]) => fc.tuple(fc.constant({ one, two: other }), treeWith([one, other])))

describe('hiding', () => {
  test('is taken back exactly by revealing, whatever stands around', () =>
    fc.assert(
      fc.property(twoInTree, ([secrets, tree]) => {
        const { hide, reveal } = secretsOf(secrets)
        expect(reveal(hide(tree))).toEqual(tree)
      }),
      { numRuns: 500 },
    ))

  test('leaves no secret in any text, in none of its writings', () =>
    fc.assert(
      fc.property(twoInTree, ([secrets, tree]) => {
        const { hide, holds } = secretsOf(secrets)
        const hidden = textsIn(hide(tree))
        for (const text of hidden) {
          for (const value of Object.values(secrets)) expect(text.includes(value)).toBe(false)
          expect(holds(text)).toBe(false)
        }
      }),
      { numRuns: 500 },
    ))

  test('keeps what is not known yet hidden, and says whose it is', () => {
    const hidden = secretsOf({ one: 'first one', two: 'second' }).hide(['a first one', { second: 'SECOND' }])
    expect(hidden).toEqual(['a «secret:one»', { '«secret:two»': '«secret:two:upper»' }])
    expect(secretsIn(hidden)).toEqual(['one', 'two'])
    expect(secretsOf({ one: 'first one' }).reveal(hidden)).toEqual(['a first one', hidden[1]])
  })

  test('takes a text that looks like a marker for a text', () => {
    const { hide, reveal } = secretsOf({ key: 'hunter22' })
    const hidden = hide({ alias: '«secret:key» hunter22' })
    expect(secretsOf({ key: 'hunter22' }).reveal(hidden)).toEqual({ alias: '«secret:key» hunter22' })
    expect(reveal(hide('«secret:key»'))).toBe('«secret:key»')
    expect(secretsIn(hide('«secret:key»'))).toEqual([])
  })

  test('leaves the names of an event, also when they are the secret', () => {
    const event = hiddenEvent(
      { ...planned('StepPlanned'), type: 'StepPlanned' } as never,
      secretsOf({ k: 'StepPlanned' }),
    )
    expect(event).toMatchObject({ type: 'StepPlanned', step: 'StepPlanned' })
  })
})

test('a text for people has no piece of a secret either, wherever it was cut', () =>
  fc.assert(
    fc.property(secret, fc.nat(24), fc.nat(24), (value, from, to) => {
      const size = Math.min(8, Math.max(4, Math.floor(value.length / 2)))
      const left = secretsOf({ one: value }).mask(`‹${value}${value.slice(from)}…${value.slice(0, to)}›`)
      const bare = left.replace(/«[^«»]*»/g, '·')
      for (let at = 0; at + size <= value.length; at += 1) expect(bare).not.toContain(value.slice(at, at + size))
    }),
    { numRuns: 500 },
  ))

test('of what is long the beginning is told, at once, and no secret that is cut', () => {
  const value = `${'s3cr3t:'.repeat(500)}.`
  const { mask } = secretsOf({ one: value })
  const began = process.cpuUsage()
  const told = beginningOf(`got ${value}${'x'.repeat(50_000_000)}`, 2000, mask)
  expect(process.cpuUsage(began).user, 'microseconds').toBeLessThan(5_000_000)
  expect(told).toBe(`got «secret:one»${'x'.repeat(2000 - 'got «secret:one»'.length)} …`)
  const hex = Buffer.from(value).toString('hex')
  for (const text of [value, hex, value.toUpperCase()])
    expect(beginningOf(text.repeat(100), 2000, mask)).not.toMatch(/3cr3|3CR3|7333/)
  expect(beginningOf(value, 2000, mask)).toBe('«secret:one»')
  expect(beginningOf('y'.repeat(2001), 2000, mask)).toBe(`${'y'.repeat(2000)} …`)
})

describe('a secret is refused, without being told,', () => {
  test.each([
    ['that is short', 'abc', 'at least 4 characters'],
    ['that is short but for its white space', 'a \t  b', 'at least 4 characters'],
    ['that is empty', '', 'at least 4 characters'],
    ['that is very long', 'x'.repeat(4097), 'at most 4096 characters'],
    ['with the quotes of markers', 'sec«ret', 'without « and »'],
    ['that stands in the workflow', 'hunter2', 'of its own'],
    ['that stands in the workflow with escapes', 'a "b"', 'of its own'],
    ['that is a word of markers', 'secret', 'of its own'],
  ])('%s', (_, value, message) => {
    const mistake = mistakeInSecret('key', value, ['{ "name": "hunter2", "x": "a \\"b\\"" }'])
    expect(mistake).toContain(message)
    expect(mistake).not.toMatch(/hunter2|sec«ret|a "b"|xxxx/)
  })
})

test('a check tells the right value, and keeps 16 bits of it only', () => {
  const check = checkOf('hunter2')
  expect(fits(check, 'hunter2')).toBe(true)
  expect(['hunter1', 'hunter3', 'HUNTER2', ''].filter((other) => fits(check, other)).length).toBeLessThan(2)
  expect(check).toMatch(/^[0-9a-f]{32}:[0-9a-f]{4}$/)
  expect(checkOf('hunter2')).not.toBe(check)
})
