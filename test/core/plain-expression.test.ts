import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTemplate } from '../../core/expression.ts'
import type { Scope } from '../../core/expression-values.ts'
import { plainExpression } from '../../core/plain-expression.ts'

const scope: Scope = {
  inputs: {
    a: 'text',
    prefix: '10.0.0.0/24',
    n: 7,
    yes: true,
    half: 1.5,
    long: 'x'.repeat(70_000),
    v6: '2001:db8::/64',
    list: ['b'],
  },
  host: { uplink: 'eth0', netns: 4_026_531_840 },
  steps: (id) => (id === 'one' ? { out: 'put', none: null } : undefined),
}

const name = fc.constantFrom(
  'a',
  'prefix',
  'n',
  'yes',
  'half',
  'long',
  'v6',
  'list',
  'gone',
  'in',
  'constructor',
  'uplink',
  'netns',
  'my-name',
  '7',
)
const path = fc.oneof(
  fc.tuple(fc.constantFrom('inputs', 'host', 'steps', 'each'), name).map((it) => it.join('.')),
  fc
    .tuple(
      fc.constantFrom('one', 'two', 'in'),
      fc.constantFrom('outputs', 'output'),
      fc.constantFrom('out', 'none', 'gone'),
    )
    .map((it) => `steps.${it.join('.')}`),
)
const call = fc
  .tuple(
    fc.constantFrom('address', 'cidrhost', 'size'),
    path,
    fc.constantFrom('1', '-1', '0', '300', '-300', '1.5', '01', '99999999999'),
    fc.constantFrom(', ', ' ,', ','),
  )
  .map(([fn, of, n, comma]) => `${fn}(${of}${comma}${n})`)

/** What comes of an expression, or the beginning of what is said against it. */
function outcome(text: string): unknown {
  try {
    const { references, used, evaluate } = parseTemplate(text)
    return { references, used, value: evaluate(scope) }
  } catch (error) {
    return (error as Error).message.replace(/^.*?: /, '')
  }
}

test('an expression that needs no CEL comes to what CEL makes of it, mistakes too', () => {
  let plain = 0
  fc.assert(
    fc.property(fc.oneof(path, call), (text) => {
      if (plainExpression(text)?.evaluate(scope) !== undefined) plain += 1
      // in brackets CEL reads the same, and nothing is plain
      expect(plainExpression(`(${text})`)).toBeUndefined()
      expect(outcome(`\${{ ${text} }}`)).toEqual(outcome(`\${{ (${text}) }}`))
    }),
    { numRuns: 1000 },
  )
  expect(plain).toBeGreaterThan(10)
})
