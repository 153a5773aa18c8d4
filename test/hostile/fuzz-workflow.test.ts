import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { NsnetError } from '../../core/errors.ts'
import { printable } from '../../core/quote.ts'
import { decode, parseSource } from '../../core/source.ts'
import { mutated } from '../support/mutated.ts'
import { prepared } from '../support/workflow.ts'

/** Whatever a file holds: it can be run, or is refused by code and place in words that can be shown; and it takes no time. */
async function expectReadOrRefused(bytes: Buffer | string, at: string): Promise<void> {
  const began = process.cpuUsage()
  const read = async () => await prepared(typeof bytes === 'string' ? bytes : decode(bytes, at), {}, at)
  const error = await read().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error === undefined || isRefusal(error) ? 'fine' : error).toBe('fine')
  expect(process.cpuUsage(began).user, 'microseconds').toBeLessThan(1_000_000)
}

function isRefusal(error: unknown): boolean {
  const { code, message } = error as { readonly code?: string; readonly message: string }
  const told = /^\S+ has (a mistake|\d+ mistakes|1000 mistakes or more):\n {2}lab\.\w+:\d+:\d+/.test(message)
  return error instanceof NsnetError && code === 'WORKFLOW_INVALID' && told && message === printable(message)
}

const path = fc.constantFrom('/lab.json', '/lab.yaml')
const bounded = { interruptAfterTimeLimit: 6_000, numRuns: 1_500 }

const workflows = fc.constantFrom(
  ...['internet', 'internet-nftables', 'two-namespaces', 'many'].map((name): unknown =>
    JSON.parse(readFileSync(`workflows/${name}.json`, 'utf8')),
  ),
)

test('the reader of workflows withstands any bytes', async () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 2_000 }), fc.string({ unit: 'binary', maxLength: 500 }))
  await fc.assert(
    fc.asyncProperty(bytes, path, (it, at) => expectReadOrRefused(typeof it === 'string' ? it : Buffer.from(it), at)),
    bounded,
  )
})

test('the reader of workflows withstands any tree', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.boolean(), async (steps, whole) => {
      const tree = whole ? steps : { name: 'lab', inputs: steps, plugins: steps, steps: [steps] }
      await expectReadOrRefused(JSON.stringify(tree), '/lab.json')
      await expectReadOrRefused(stringify(tree), '/lab.yaml')
    }),
    bounded,
  )
})

test('the reader of workflows withstands anything in forEach, and what reads it', async () => {
  const texts = ['${{ each }}', '${{ each.a }}', '${{ index }}', '${{ steps.s.outputs.mac + each }}', '${{ each[0] }}']
  const step = fc.record({
    id: fc.constantFrom('s', 't'),
    uses: fc.constant('link'),
    with: fc.dictionary(
      fc.constantFrom('link', 'alias', 'mtu'),
      fc.oneof(fc.constantFrom(...texts), fc.jsonValue({ maxDepth: 1 })),
    ),
  })
  const forEach = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 }),
    fc.record({ from: fc.integer({ min: -3, max: 3 }), to: fc.integer({ min: -3, max: 3 }) }),
  )
  const veth = { id: 's', uses: 'veth', with: { name: 'a', peer: { name: 'b' } } }
  await fc.assert(
    fc.asyncProperty(forEach, fc.array(step, { maxLength: 3 }), fc.boolean(), async (list, steps, isGroup) => {
      const blocks = isGroup
        ? [{ forEach: list, steps: [veth, ...steps] }]
        : steps.map((it) => ({ forEach: list, ...it }))
      await expectReadOrRefused(JSON.stringify({ name: 'lab', steps: blocks }), '/lab.json')
    }),
    { ...bounded, interruptAfterTimeLimit: 3_000 },
  )
})

test('the reader of workflows withstands good workflows that were changed', async () => {
  await fc.assert(
    fc.asyncProperty(mutated(workflows), async (tree) => {
      await expectReadOrRefused(JSON.stringify(tree), '/lab.json')
      await expectReadOrRefused(stringify(tree), '/lab.yaml')
    }),
    bounded,
  )
})

test('the reader of workflows withstands characters that were changed, left out or put in', async () => {
  const signs = fc.string({ unit: fc.constantFrom(...'{}[]",:\\&*!|>-?#%@` \n\t${}\0é'), maxLength: 5 })
  const change = fc.tuple(fc.nat(), fc.nat(8), signs)
  await fc.assert(
    fc.asyncProperty(workflows, fc.array(change, { minLength: 1, maxLength: 4 }), path, async (tree, changes, at) => {
      const text = at.endsWith('json') ? JSON.stringify(tree, null, 1) : stringify(tree)
      const broken = changes.reduce((it, [from, length, by]) => {
        const start = from % it.length
        return it.slice(0, start) + by + it.slice(start + length)
      }, text)
      await expectReadOrRefused(broken, at)
    }),
    bounded,
  )
})

test('the reader of expressions withstands any text', async () => {
  const parts = [
    'inputs.a',
    'steps.s.outputs.netns',
    'each',
    'index',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '+',
    '?',
    ':',
    '.',
    ',',
    '1',
    'size',
    'split',
    '!',
    '`',
    '&&',
    ' ',
    '\n',
    'host',
    'in',
    '${{',
    '}}',
    '\\',
    '-',
    '9'.repeat(30),
  ]
  const text = fc.oneof(
    fc.array(fc.constantFrom(...parts), { maxLength: 40 }).map((it) => it.join('')),
    fc.string({ unit: 'binary' }),
  )
  await fc.assert(
    fc.asyncProperty(text, (it) =>
      expectReadOrRefused(
        JSON.stringify({
          name: 'lab',
          inputs: { a: { default: 'x' } },
          steps: [
            { id: 's', uses: 'netns', with: { netns: `\${{ ${it} }}` } },
            { id: 't', forEach: [1, 'a', { a: [] }], uses: 'netns', with: { netns: `\${{ ${it} }}` } },
          ],
        }),
        '/lab.json',
      ),
    ),
    bounded,
  )
})

test('the reader of JSON takes what JSON is, and nothing else', async () => {
  const signs = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '\\n',
    '\\x',
    '\\u00',
    '\\u0041',
    '0',
    '1',
    '-',
    '+',
    '.',
    'e',
    'E',
    'true',
  ]
  const others = [
    'null',
    'nul',
    'NaN',
    ' ',
    '\n',
    '\t',
    '\r\n',
    '\f',
    '\x01',
    '\u2028',
    '//',
    '/*',
    "'",
    'é',
    '01',
    '1e5',
    '-0',
    '1e999',
  ]
  const part = fc.array(fc.constantFrom(...signs, ...others), { maxLength: 8 }).map((it) => it.join(''))
  const changed = fc.tuple(fc.json(), fc.nat(), part).map(([json, from, by]) => {
    const at = from % (json.length + 1)
    return json.slice(0, at) + by + json.slice(at)
  })
  const inside = fc
    .tuple(fc.constantFrom('"_"', '[_]', '[1_]', '{"a":_}', '_'), part)
    .map(([it, by]) => it.replace('_', () => by))
  await fc.assert(
    fc.asyncProperty(fc.oneof(changed, inside, fc.json()), async (text) => {
      const ours = await valueOf(() => parseSource(text, '/lab.json'))
      const theirs = await valueOf(() => ({ value: JSON.parse(text) as unknown }))
      expect(ours).toStrictEqual(theirs === 'no JSON' || ours !== 'a name too many' ? theirs : ours)
    }),
    {
      ...bounded,
      numRuns: 5_000,
      examples: [['"\n"'], ['"\0"'], ['-'], ['1.'], ['"\\'], ['"\\u00'], ['[1,]'], ['{"a":1,}']],
    },
  )
})

/** Gives what a reader makes of a text; a name that stands twice is JSON, but not for us. */
async function valueOf(read: () => { readonly value: unknown } | Promise<{ readonly value: unknown }>) {
  try {
    return { value: (await read()).value }
  } catch (error) {
    return /expected (?:each field once|the name of a field)/.test((error as Error).message)
      ? 'a name too many'
      : 'no JSON'
  }
}
