import { describe, expect, test } from 'vitest'
import type { StepSpec } from '../../core/events.ts'
import { resolveStep } from '../../core/resolve.ts'
import { registryOf } from '../../core/registry.ts'
import { builtinSteps } from '../../library/builtin.ts'
import { context } from '../support/given.ts'
import { mistakesIn, prepared } from '../support/workflow.ts'

/** A workflow of these parts, written as one line each. */
const lab = (parts: object): string => JSON.stringify({ name: 'lab', steps: [], ...parts })
const netns = (id: string, more: object = {}): object => ({ id, uses: 'netns', with: { netns: id }, ...more })
const veth = { id: 'v', uses: 'veth', with: { name: 'a', peer: { name: 'b' } } }

const stepsIn = async (parts: object): Promise<readonly StepSpec[]> => (await prepared(lab(parts))).steps

const picked = (specs: readonly StepSpec[], ...fields: readonly (keyof StepSpec)[]) =>
  specs.map((spec) => Object.fromEntries(fields.filter((it) => it in spec).map((field) => [field, spec[field]])))

describe('a condition', () => {
  test('is told before the run where it reads inputs, the host or a round', async () => {
    const inputs = { six: { type: 'boolean', default: false } }
    const steps = [
      netns('a', { if: '${{ inputs.six }}' }),
      netns('b', { if: '${{ !inputs.six }}' }),
      { ...netns('c', { if: '${{ each > 1 }}' }), with: { netns: 'c${{ each }}' }, forEach: [1, 2] },
    ]
    expect(picked(await stepsIn({ inputs, steps }), 'id', 'if')).toEqual([
      { id: 'a', if: false },
      { id: 'b' },
      { id: 'c[1]', if: false },
      { id: 'c[2]' },
    ])
  })
  test('stays an expression where it reads an earlier step, together with that of its group', async () => {
    const group = {
      forEach: [1],
      if: "${{ steps.v.outputs.mac != '' }}",
      steps: [netns('a'), netns('b', { if: '${{ each == 1 && steps.a.outputs.netns != "" }}' })],
    }
    expect(picked(await stepsIn({ steps: [veth, group] }), 'id', 'if').slice(1)).toEqual([
      { id: 'a[1]', if: "${{ steps.v.outputs.mac != '' }}" },
      {
        id: 'b[1]',
        if: `\${{ (steps.v.outputs.mac != '') && (1 == 1 && steps["a[1]"].outputs.netns != "") }}`,
      },
    ])
  })
  test.each([
    ['"yes"', /if: expected an expression, \$\{\{ … \}\}, got "yes"/],
    ['"${{ 1 }}"', /if: expected a condition that is true or false, got 1/],
    ['"a ${{ true }}"', /if: expected one expression and nothing around it/],
    ['"${{ inputs.x }}"', /if: expected a name that inputs has, got inputs.x/],
    ['"${{ true }"', /if: expected "}}" after "\$\{\{", got none/],
    ['"${{ steps.z.outputs.mac == \'\' }}"', /if: expected the id of a step, got "z"/],
  ])('that is %s is refused at its place', async (condition, message) => {
    const text = lab({ steps: [netns('a')] }).replace('"id":"a"', `"id":"a","if":${condition}`)
    expect(await mistakesIn(text)).toEqual([expect.stringMatching(message)])
  })
})

describe('needs', () => {
  test('name the same round of their own group, and all rounds of another', async () => {
    const steps = [
      {
        forEach: [1, 2],
        steps: [
          netns('a', { with: { netns: 'a${{ each }}' } }),
          netns('b', { needs: ['a'], with: { netns: 'b${{ each }}' } }),
        ],
      },
      netns('c', { needs: ['b', 'a[2]'] }),
    ]
    expect(picked(await stepsIn({ steps }), 'id', 'needs')).toEqual([
      { id: 'a[1]' },
      { id: 'b[1]', needs: ['a[1]'] },
      { id: 'a[2]' },
      { id: 'b[2]', needs: ['a[2]'] },
      { id: 'c', needs: ['b[1]', 'b[2]', 'a[2]'] },
    ])
  })
  test.each([
    ['z', /needs\/0: expected the id of a step, got "z"/],
    ['b', /needs\/0: expected an earlier step, got "b", which comes later \(move step "b" before step "a"\)/],
    ['a', /needs\/0: expected no cycle, got a → a/],
  ])('of %s by a are refused at their place', async (id, message) => {
    const steps = [netns('a', { needs: [id] }), netns('b')]
    expect(await mistakesIn(lab({ steps }))).toEqual([expect.stringMatching(message)])
  })
})

const link = (id: string, more: object = {}): object => ({
  id,
  uses: 'link',
  with: { link: 'lo', state: 'up', ...more },
})

describe('defaults', () => {
  test('of the workflow and of a group are given to the steps that have such a field', async () => {
    const steps = [link('a'), { defaults: { netns: 'green' }, steps: [link('b'), link('c', { netns: 'red' })] }, veth]
    const specs = await stepsIn({ inputs: { n: { default: 'blue' } }, defaults: { netns: '${{ inputs.n }}' }, steps })
    expect(specs.map((it) => (it.with as { readonly netns?: string }).netns)).toEqual(['blue', 'green', 'red', 'blue'])
  })
  test('that are wrong are told of where they stand, those of no use too', async () => {
    const steps = [{ id: 'a', uses: 'link', with: { link: 'lo', state: 'up' } }]
    expect(await mistakesIn(lab({ steps, defaults: { netns: '-x', nets: 1 } }))).toEqual([
      expect.stringMatching(/\/defaults\/netns: expected a netns name: .*, got "-x"/),
      expect.stringMatching(
        /\/defaults\/nets: expected a field that a step here has, got "nets" \(did you mean "netns"\?\)/,
      ),
    ])
  })
})

describe('retry, timeout, onFailure, finally and outputs', () => {
  test('are read into what the journal holds', async () => {
    const more = { retry: { times: 2, delay: 0.5, on: ['busy'] }, timeout: 1.5, onFailure: 'continue' }
    const read = await prepared(
      lab({
        steps: [veth, netns('a', more)],
        finally: [netns('z', { needs: ['a'] })],
        outputs: { mac: '${{ steps.v.outputs.mac }}' },
      }),
    )
    expect(picked(read.steps, 'id', 'retry', 'timeoutMs', 'onFailure', 'finally', 'needs')).toEqual([
      { id: 'v' },
      { id: 'a', retry: { times: 2, delayMs: 500, factor: 1, on: ['busy'] }, timeoutMs: 1500, onFailure: 'continue' },
      { id: 'z', finally: true, needs: ['a'] },
    ])
    expect(read.outputs).toEqual({ mac: '${{ steps.v.outputs.mac }}' })
  })
  test.each([
    [{ retry: { times: 0 } }, /retry\/times: expected an integer from 1 to 100, got 0/],
    [{ timeout: -1 }, /timeout: expected seconds, more than 0 and at most 86400, got -1/],
    [{ onFailure: 'go on' }, /onFailure: expected .*"stop".*"continue"/],
  ])('are refused when they are %j', async (more, message) =>
    expect(await mistakesIn(lab({ steps: [netns('a', more)] }))).toEqual([expect.stringMatching(message)]),
  )
  test('an output of a step that there is not is refused at its place', async () =>
    expect(await mistakesIn(lab({ steps: [veth], outputs: { a: ['${{ steps.v.outputs.max }}'] } }))).toEqual([
      expect.stringMatching(/\/outputs\/a\/0: expected an output of step "v" \(veth\), got "max"/),
    ]))
})

const value = async (spec: object, text: string) => {
  const { inputs } = await prepared(lab({ inputs: { a: spec } }), { texts: { a: text } })
  return inputs['a']
}
const mistake = async (spec: object, text: string) =>
  await mistakesIn(lab({ inputs: { a: spec } }), { texts: { a: text } })

describe('an input', () => {
  test.each([
    [{ type: 'address' }, '10.0.0.1', '10.0.0.1'],
    [{ type: 'address' }, 'fd00::1/64', 'fd00::1/64'],
    [{ type: 'prefix' }, '10.0.0.0/24', '10.0.0.0/24'],
    [{ type: 'link' }, 'eth0', 'eth0'],
    [{ type: 'netns' }, 'ns1', 'ns1'],
    [{ type: 'enum', values: ['a', 'b'] }, 'b', 'b'],
    [{ type: 'integer', min: 1, max: 9 }, '9', 9],
    [{ pattern: '[a-z]+' }, 'abc', 'abc'],
    [{ type: 'list', max: 2 }, 'a,b', ['a', 'b']],
  ])('%j takes %s', async (spec, text, expected) => expect(await value(spec, text)).toEqual(expected))

  test.each([
    [{ type: 'address' }, '10.0.0.300', /expected an address, .*, got "10.0.0.300"/],
    [{ type: 'prefix' }, '10.0.0.1/24', /expected a prefix such as "10.0.0.0\/24" with zero host bits/],
    [{ type: 'link' }, 'a/b', /expected a link name: .*, got "a\/b"/],
    [{ type: 'netns' }, '-x', /expected a netns name: .*, got "-x"/],
    [{ type: 'enum', values: ['red', 'blue'] }, 'rad', /expected one of red, blue, got "rad" \(did you mean "red"\?\)/],
    [{ type: 'integer', min: 1, max: 9 }, '10', /expected an integer from 1 to 9, got 10/],
    [{ type: 'integer', min: 1 }, '0', /expected an integer of at least 1, got 0/],
    [{ pattern: '[a-z]+' }, 'a1', /expected a text that matches \[a-z\]\+, got "a1"/],
    [{ max: 2 }, 'abc', /expected a text with a length of at most 2, got 3/],
    [{ pattern: '(a+)+b' }, 'a'.repeat(40), /expected a text that matches/],
  ])('%j refuses %s', async (spec, text, message) =>
    expect(await mistake(spec, text)).toEqual([expect.stringMatching(message)]),
  )

  test.each([
    [{ type: 'enum' }, /type: an enum, and nothing else, has "values": what it can be/],
    [{ pattern: '(', default: 'a' }, /pattern: expected a regular expression/],
    [{ type: 'boolean', max: 1 }, /type: only an integer, a string or a list has bounds/],
    [{ type: 'integer', default: 3, max: 2 }, /default: expected an integer of at most 2, got 3/],
    [
      { type: 'integer', default: 3, min: 9, max: 2 },
      /:\d+:\d+ \/inputs\/a\/min: expected a "min" of at most "max", which is 2, got 9$/,
    ],
    [{ min: 3, max: 2 }, /min: expected a "min" of at most "max", which is 2, got 3/],
  ])('that is described as %j is refused', async (spec, message) =>
    expect((await mistakesIn(lab({ inputs: { a: spec } }))).join('\n')).toMatch(message),
  )
})

test.each([
  [{ type: 'integer', default: 3, max: 2 }, '1', /default: expected an integer of at most 2, got 3$/],
  [
    { type: 'enum', values: ['a', 'b'], default: 'c' },
    'a',
    /default: expected one of a, b, got "c" \(did you mean "a"\?\)$/,
  ],
  [{ pattern: '[a-z]+', default: '1' }, 'a', /default: expected a text that matches \[a-z\]\+, got "1"$/],
])('a default of %j that does not fit is refused also where another value is given', async (spec, text, message) =>
  expect(await mistake(spec, text)).toEqual([expect.stringMatching(message)]),
)

describe('a value that looks like an expression', () => {
  const looks = '${{ host.hostname }} $${{ $'
  test('is none, wherever it comes from', async () => {
    const inputs = { a: { default: 'x' }, l: { type: 'list', default: ['$${{ 1 }}'] } }
    const steps = [
      link('a', { alias: '${{ inputs.a }}' }),
      link('b', { alias: '$${{ 1 }} ${{ inputs.a }}' }),
      { ...link('c', { alias: '${{ each }}' }), forEach: '${{ inputs.l }}' },
    ]
    const read = await prepared(lab({ inputs, steps }), { texts: { a: looks } })
    const filled = await Promise.all(
      read.steps.map((spec) =>
        resolveStep(spec, registryOf(builtinSteps).stepOf(spec.uses)!, {
          ...read,
          facts: context.facts,
          outputs: () => undefined,
        }),
      ),
    )
    expect(filled.map((it) => 'input' in it && (it.input as { readonly alias: string }).alias)).toEqual([
      looks,
      `\${{ 1 }} ${looks}`,
      '${{ 1 }}',
    ])
  })
})
