import { describe, expect, test } from 'vitest'
import type { Given } from '../../core/given.ts'
import { mistakesIn, prepared } from '../support/workflow.ts'

/** A workflow with these inputs and one step that gives a link this alias. */
const lab = (inputs: unknown, alias: string, ...more: readonly unknown[]): string =>
  JSON.stringify({
    name: 'lab',
    inputs,
    steps: [{ id: 'a', uses: 'link', with: { link: 'lo', alias } }, ...more],
  })

const secret = { key: { secret: true } }
const given: Partial<Given> = { environment: { key: 'hunter2-hunter2' } }

/** The mistakes without their place. */
const told = async (text: string, values: Partial<Given> = given): Promise<readonly string[]> =>
  (await mistakesIn(text, values)).map((line) => line.replace(/^\S+ (?=\/)|^.*? \(\S+ (\S+)\)(?=:)/, '$1'))

describe('an input is given', () => {
  const text = lab({ n: { default: 'by default' } }, '${{ inputs.n }}')
  const all = { texts: { n: 'by --set' }, values: { n: 'by --set-file' }, environment: { n: 'by environment' } }
  test.each<readonly [string, Partial<Given>]>([
    ['by --set', all],
    ['by --set-file', { ...all, texts: {} }],
    ['by environment', { environment: all.environment }],
    ['by default', {}],
  ])('%s', async (value, values) => expect((await prepared(text, values)).inputs).toEqual({ n: value }))

  test('as text of its type by the environment', async () => {
    const typed = lab({ n: { type: 'integer' }, b: { type: 'boolean' } }, 'x')
    expect((await prepared(typed, { environment: { n: '7', b: 'true' } })).inputs).toEqual({ n: 7, b: true })
    expect(await told(typed, { environment: { n: 'x', b: 'true' } })).toEqual([
      '/inputs/n: expected an integer, got "x"',
    ])
  })

  test('by the environment for another workflow without harm', async () =>
    expect(await told(text, { environment: { other: 'x' } })).toEqual([]))
})

describe('a secret input', () => {
  test('is checked as it is and prepared as a marker', async () => {
    const { inputs, steps, secrets } = await prepared(lab(secret, 'a ${{ inputs.key }}'), given)
    expect({ inputs, with: steps[0]!.with, secrets }).toEqual({
      inputs: { key: '«secret:key»' },
      with: { link: 'lo', alias: 'a «secret:key»' },
      secrets: { key: 'hunter2-hunter2' },
    })
  })

  test('stays hidden where an expression only passes it on', async () => {
    const passedOn = lab({ ...secret, n: { default: 'x' } }, '${{ inputs["key"] }} and ${{ inputs.n + "y" }}')
    expect((await prepared(passedOn, given)).steps[0]!.with).toMatchObject({ alias: '«secret:key» and xy' })
  })

  test.each<readonly [string, string, string, Partial<Given>]>([
    [
      'missing',
      lab(secret, 'x'),
      '/inputs/key: expected the secret input "key", got nothing (give it by --set-file FILE, or in the environment as NSNET_INPUT_key)',
      {},
    ],
    ['short', lab(secret, 'x'), '/inputs/key: expected a secret of at least 4 characters', { values: { key: 'abc' } }],
    [
      'no text',
      lab(secret, 'x'),
      '/inputs/key: expected a text for the secret input "key", got something else',
      { values: { key: 12345 } },
    ],
    [
      'in the file',
      lab(secret, 'hunter2-hunter2'),
      '/inputs/key: expected a secret of its own, got one that stands in the workflow file',
      given,
    ],
    [
      'with a default',
      lab({ key: { secret: true, default: 'hunter2-hunter2' } }, 'x'),
      '/inputs/key/default: a secret input has no default, for it would stand in this file: leave it out',
      { environment: { key: 'quite another' } },
    ],
    [
      'with a type',
      lab({ key: { secret: true, type: 'integer' } }, 'x'),
      '/inputs/key/type: a secret input is a string: leave its type out',
      given,
    ],
    [
      'in an expression that makes something of it',
      lab(secret, '${{ inputs.key + "x" }}'),
      '/steps/0/with/alias: expected inputs.key by itself: what is made of a secret could not be hidden',
      given,
    ],
    [
      'in the outputs of a step that something is made of',
      lab({}, 'x', {
        id: 'b',
        uses: 'link',
        with: { link: 'lo', alias: '${{ size(steps.k.outputs.value) > 3 ? "x" : "y" }}' },
      })
        .replace('"inputs":{}', `"inputs":${JSON.stringify(secret)}`)
        .replace(
          '"steps":[',
          '"steps":[{"id":"k","uses":"sysctl","with":{"key":"net.ipv4.tcp_fastopen_key","value":"${{ inputs.key }}"}},',
        ),
      '/steps/2/with/alias: expected steps.k.outputs.value by itself',
      given,
    ],
    [
      'in a default',
      lab({ ...secret, n: { default: '${{ inputs.key }}' } }, 'x'),
      '/inputs/n/default: expected a default without the secret input "key"',
      given,
    ],
    [
      'no value of the step',
      lab(secret, '${{ inputs.key }}\n'),
      '/steps/0/with/alias: expected an alias of less',
      given,
    ],
  ])('that is %s is told of without its value', async (_, text, message, values) => {
    const lines = await told(text, values)
    expect(lines).toEqual([expect.stringContaining(message)])
    expect(lines.join()).not.toMatch(/hunter2|abc|12345/)
  })

  test('is cut out of a message that was shortened in the middle of it', async () => {
    const long = `${'x'.repeat(40)} \${{ inputs.key }}`
    const text = JSON.stringify({
      name: 'l',
      inputs: secret,
      steps: [{ id: 'a', uses: 'netns', with: { netns: long } }],
    })
    for (const key of ['correct horse battery staple', 'correct-horse1', '0a1b2c3d-4e5f6071-8293a4b5']) {
      const [line = ''] = await told(text, { environment: { key } })
      expect(line).toMatch(/expected a netns name.*«/)
      for (let at = 0; at + 8 <= key.length; at += 1) expect(line).not.toContain(key.slice(at, at + 8))
    }
  })
})
