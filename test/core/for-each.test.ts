import { describe, expect, test } from 'vitest'
import type { Json } from '../../core/json.ts'
import { STEP_ID } from '../../core/step-id.ts'
import { mistakesIn, prepared } from '../support/workflow.ts'

/** A workflow with one block on line 3 and what follows it, one a line. */
const lab = (inputs: object, ...blocks: readonly unknown[]): string =>
  `{ "name": "lab", "inputs": ${JSON.stringify(inputs)}, "steps": [\n\n${blocks.map((it) => JSON.stringify(it)).join(',\n')}\n] }`

const netns = (name: string, id = 'a'): object => ({ id, uses: 'netns', with: { netns: name } })

const stepsIn = async (...[text, given]: Parameters<typeof prepared>) =>
  (await prepared(text, given)).steps.map(({ id, with: input }) => [id, input])

/** A step that reads something. */
const reads = (alias: string, link = 'lo'): object => ({ id: 'l', uses: 'link', with: { link, alias } })

/** The ids that a list gives. */
const idsFor = async (forEach: Json): Promise<readonly string[]> =>
  (await prepared(lab({}, { forEach, ...netns('n${{ index }}') }))).steps.map(({ id }) => id)

describe('a step with forEach is done once', () => {
  test('for each value of a list', async () =>
    expect(await stepsIn(lab({}, { forEach: ['web', 'db'], ...netns('${{ each }}') }))).toEqual([
      ['a[web]', { netns: 'web' }],
      ['a[db]', { netns: 'db' }],
    ]))
  test('for each integer of a range, both ends included', async () =>
    expect(await stepsIn(lab({}, { forEach: { from: -1, to: 1 }, ...netns('n${{ each + 1 }}') }))).toEqual([
      ['a[-1]', { netns: 'n0' }],
      ['a[0]', { netns: 'n1' }],
      ['a[1]', { netns: 'n2' }],
    ]))
  test('for each value of an input', async () => {
    const text = lab(
      { names: { type: 'list', default: ['x'] } },
      { forEach: '${{ inputs.names }}', ...netns('${{ each }}') },
    )
    expect(await stepsIn(text)).toEqual([['a[x]', { netns: 'x' }]])
    expect(await stepsIn(text, { texts: { names: 'y,z' } })).toMatchObject([
      ['a[y]', {}],
      ['a[z]', {}],
    ])
    expect(await stepsIn(text, { texts: { names: '["y,z1"]'.replace(',', '') } })).toMatchObject([['a[yz1]', {}]])
    expect(await stepsIn(text, { environment: { names: '' } })).toEqual([])
    expect(await stepsIn(text, { values: { names: ['v'] } })).toMatchObject([['a[v]', {}]])
  })
  test('as often as an input says, also not at all', async () => {
    const text = lab(
      { count: { type: 'integer', default: 2 } },
      { forEach: { from: 1, to: '${{ inputs.count }}' }, ...netns('n${{ each }}') },
    )
    expect(await stepsIn(text)).toMatchObject([
      ['a[1]', {}],
      ['a[2]', {}],
    ])
    expect(await stepsIn(text, { texts: { count: '0' } })).toEqual([])
  })
  test('with expressions in the list', async () =>
    expect(
      await stepsIn(
        lab(
          { n: { default: 'blue' } },
          {
            forEach: ['${{ inputs.n }}', { x: '${{ host.uplink }}' }],
            id: 'a',
            uses: 'netns',
            with: { netns: '${{ index == 0 ? each : each.x }}' },
          },
        ),
      ),
    ).toEqual([
      ['a[0]', { netns: 'blue' }],
      ['a[1]', { netns: 'enp1s0' }],
    ]))
  test('and keeps the type of a value', async () => {
    const step = {
      forEach: [{ link: 'lo', mtu: 1400 }],
      id: 'a',
      uses: 'link',
      with: { link: '${{ each.link }}', mtu: '${{ each.mtu }}' },
    }
    expect(await stepsIn(lab({}, step))).toEqual([['a[0]', { link: 'lo', mtu: 1400 }]])
  })
  test('whose place in the file is that of the step', async () => {
    const { steps } = await prepared(lab({}, { forEach: [1, 2], ...netns('n${{ each }}') }))
    expect(steps.map(({ at }) => at)).toEqual(steps.map(() => ({ line: 3, column: 1, pointer: '/steps/0' })))
  })
})

test.each<[string, Json, readonly string[]]>([
  ['integers', [1, 20, -3], ['a[1]', 'a[20]', 'a[-3]']],
  ['short words', ['web', 'db-1', '10.0.0.1'], ['a[web]', 'a[db-1]', 'a[10.0.0.1]']],
  ['both', [1, 'one'], ['a[1]', 'a[one]']],
  ['numbers that are none of them', [1.5, 1], ['a[0]', 'a[1]']],
  ['two that are the same', ['x', 'y', 'x'], ['a[0]', 'a[1]', 'a[2]']],
  ['two that look the same', [3, '3'], ['a[0]', 'a[1]']],
  ['objects', [{ name: 'x' }, { name: 'y' }], ['a[0]', 'a[1]']],
  ['words with other signs', ['a b', 'c'], ['a[0]', 'a[1]']],
  ['long words', ['x'.repeat(17)], ['a[0]']],
])('rounds are told apart by %s', async (_, list, ids) => expect(await idsFor(list)).toEqual(ids))

test('an id of a step has at most 82 characters, and brackets only at its end', () => {
  const longest = `${'a'.repeat(63)}[${-Number.MAX_SAFE_INTEGER}]`
  expect(longest).toHaveLength(82)
  for (const id of [longest, 'a', 'a[x]', 'a[-1]', 'a[10.0.0.1]', `a[${'x'.repeat(16)}]`]) expect(id).toMatch(STEP_ID)
  for (const id of ['', '[1]', 'a[]', 'a[1]b', 'a[1][2]', 'a[b c]', 'a[b:c]', 'a[$x]', `a[${'x'.repeat(18)}]`, 'a[1'])
    expect(id).not.toMatch(STEP_ID)
})

describe('a group', () => {
  const cable = { id: 'v', uses: 'veth', with: { name: 'h${{ each }}', peer: { name: 'p${{ each }}' } } }

  test('is done round by round, its steps in their order', async () => {
    const { steps } = await prepared(
      lab({}, netns('first', 'n'), { forEach: [1, 2], steps: [cable, reads('x', 'h${{ each }}')] }),
    )
    expect(steps.map(({ id }) => id)).toEqual(['n', 'v[1]', 'l[1]', 'v[2]', 'l[2]'])
    expect(steps.map(({ at }) => at.pointer)).toEqual(
      [0, 1, 2, 1, 2].map((at) => (at === 0 ? '/steps/0' : `/steps/1/steps/${at - 1}`)),
    )
    expect(steps[2]!.at.line).toBe(4)
  })

  test.each([
    ['${{ steps.v.outputs.mac }}', '${{ steps["v[2]"].outputs.mac }}'],
    ['${{ steps["v"].outputs.mac }}', '${{ steps["v[2]"].outputs.mac }}'],
    ['${{ (steps).v.outputs.mac }}', '${{ (steps)["v[2]"].outputs.mac }}'],
    ['${{ each }} of ${{ steps.v.outputs.mac }} $${{ x }}', '${{ 2 }} of ${{ steps["v[2]"].outputs.mac }} $${{ x }}'],
    [
      '${{ steps.v.outputs.mac + string(each) + string(index) }}',
      '${{ steps["v[2]"].outputs.mac + string(2) + string(1) }}',
    ],
    ['${{ steps["v[1]"].outputs.mac }}', '${{ steps["v[1]"].outputs.mac }}'],
    ['${{ steps.n.outputs.netns }}', '${{ steps.n.outputs.netns }}'],
  ])('reads the steps of its own round: %s', async (text, expected) => {
    const { steps } = await prepared(
      lab({}, netns('first', 'n'), { forEach: [1, 2], steps: [cable, reads(text, 'h${{ each }}')] }),
    )
    expect(steps[4]!.with).toEqual({ link: 'h2', alias: expected })
  })

  test.each<[Json, string, string]>([
    [-5, 'string(1 - each)', 'string(1 - (-5))'],
    ['a "b" }} c', 'each', '"a \\"b\\" }} c"'],
    [{ x: { y: 'z' } }, 'each.x.y', '"z"'],
    [{ x: { y: 'z' } }, 'each["x"].y', '"z"'],
    [{ x: 'z' }, '(each).x', '({"x":"z"}).x'],
    [['p', 'q'], 'each[1]', '["p","q"][1]'],
    [true, '(each ? "a" : "b")', '(true ? "a" : "b")'],
  ])('puts %j into what is known later: %s', async (value, text, expected) => {
    const later = { id: 'l', uses: 'link', with: { link: 'h', alias: `\${{ steps.v.outputs.mac + ${text} }}` } }
    const first = { id: 'v', uses: 'veth', with: { name: 'h${{ index }}', peer: { name: 'p${{ index }}' } } }
    const { steps } = await prepared(lab({}, { forEach: [value], steps: [first, later] }))
    const key = steps[0]!.id
    expect(steps[1]!.with).toEqual({ link: 'h', alias: `\${{ steps["${key}"].outputs.mac + ${expected} }}` })
  })

  test('is read from outside by the full ids of its steps', async () => {
    const read = { id: 'r', uses: 'link', with: { link: 'h1', alias: '${{ steps["v[1]"].outputs.mac }}' } }
    const { steps } = await prepared(lab({}, { forEach: [1, 2], steps: [cable] }, read))
    expect(steps[2]!.with).toMatchObject({ alias: '${{ steps["v[1]"].outputs.mac }}' })
  })
})

describe('tells the mistake and where it stands', () => {
  const a = netns('n${{ each }}')
  const many = { count: { type: 'integer', default: 200_000 } }
  const veth = { id: 'v', uses: 'veth', with: { name: 'h${{ each }}', peer: { name: 'p${{ each }}' } } }
  const table: readonly (readonly [string, string, readonly unknown[]])[] = [
    [
      'something else',
      lab({}, { forEach: 5, ...a }),
      ['lab.json:3:12 /steps/0/forEach: expected a list, or a range { "from": 1, "to": 3 }, got 5'],
    ],
    [
      'a text without expression',
      lab({}, { forEach: 'a,b', ...a }),
      [expect.stringContaining('expected a list, or a range')],
    ],
    [
      'an expression that gives none',
      lab({ n: { default: 'x' } }, { forEach: '${{ inputs.n }}', ...a }),
      [
        'lab.json:3:12 /steps/0/forEach: expected a list, or a range { "from": 1, "to": 3 }, got "x" (the input "n" is "x", its default)',
      ],
    ],
    [
      'a range without an end',
      lab({}, { forEach: { from: 1 }, ...a }),
      ['lab.json:3:12 /steps/0/forEach/to: expected a field "to" (an integer), got nothing'],
    ],
    [
      'a range with more',
      lab({}, { forEach: { from: 1, to: 2, step: 2 }, ...a }),
      [
        expect.stringMatching(
          /^lab.json:3:36 \/steps\/0\/forEach\/step: expected a known field, got "step" \(the fields here are from, to\)$/,
        ),
      ],
    ],
    [
      'a range of something else',
      lab({ n: { default: '9' } }, { forEach: { from: 1, to: '${{ inputs.n }}' }, ...a }),
      ['lab.json:3:27 /steps/0/forEach/to: expected an integer, got "9" (the input "n" is "9", its default)'],
    ],
    [
      'each in a group without forEach',
      lab({}, { steps: [a] }),
      [
        'lab.json:3:52 /steps/0/steps/0/with/netns: expected inputs.* or host.* here, got each (a step or group with "forEach" has it)',
      ],
    ],
    [
      'a group without steps',
      lab({}, { forEach: [1], steps: [] }),
      ['lab.json:3:24 /steps/0/steps: expected at least 1 items, got []'],
    ],
    [
      'a group that is a step too',
      lab({}, { forEach: [1], uses: 'netns', steps: [a] }),
      [expect.stringContaining('/steps/0/uses: expected a known field, got "uses" (the fields here are')],
    ],
    [
      'forEach inside of a group',
      lab({}, { forEach: [1], steps: [{ forEach: [2], ...a }] }),
      [
        'lab.json:3:36 /steps/0/steps/0/forEach: expected a step that is done once in each round, got "forEach" inside of a group (a list of objects can hold what two lists would)',
      ],
    ],
    [
      'a group inside of a group',
      lab({}, { forEach: [1], steps: [{ steps: [a] }] }),
      [expect.stringContaining('got "steps" inside of a group')],
    ],
    [
      'an output in forEach',
      lab({}, netns('x', 'n'), { forEach: '${{ steps.n.outputs.netns }}', ...a }),
      [
        'lab.json:4:12 /steps/1/forEach: expected inputs.* or host.* here, got steps.* (how often steps are done is known before the first of them runs)',
      ],
    ],
    [
      'each in forEach',
      lab({}, { forEach: '${{ each }}', ...a }),
      [expect.stringContaining('expected inputs.* or host.* here, got each (a step or group with "forEach" has it)')],
    ],
    [
      'each without forEach',
      lab({}, a),
      [
        'lab.json:3:42 /steps/0/with/netns: expected inputs.* or host.* here, got each (a step or group with "forEach" has it)',
      ],
    ],
    [
      'index in an input',
      lab({ n: { default: '${{ index }}' } }),
      [expect.stringContaining('/inputs/n/default: expected inputs.* or host.* here, got index')],
    ],
    [
      'an input that is not there',
      lab({}, { forEach: '${{ inputs.x }}', ...a }),
      ['lab.json:3:12 /steps/0/forEach: expected a name that inputs has, got inputs.x (there are none)'],
    ],
    [
      'more steps than there may be',
      lab(many, { forEach: { from: 1, to: '${{ inputs.count }}' }, ...a }),
      [
        'lab.json:3:12 /steps/0/forEach: expected at most 100000 steps in all, got 1 step in each of 200000 rounds (make several workflows of it)',
      ],
    ],
    [
      'more than for ever',
      lab({}, { forEach: { from: 1, to: 9e15 }, steps: [a, veth] }),
      [expect.stringContaining('got 2 steps in each of 9000000000000000 rounds')],
    ],
    [
      'more of two blocks',
      lab({}, { forEach: { from: 1, to: 60_000 }, ...a }, { forEach: { from: 1, to: 60_000 }, ...veth }),
      [expect.stringMatching(/^lab.json:4:12 .*got 1 step in each of 60000 rounds/)],
    ],
    [
      'more text than there may be',
      lab(
        {},
        {
          forEach: { from: 1, to: 1000 },
          ...netns(`${'x'.repeat(40_000)}`),
          with: { netns: 'a', x: 'x'.repeat(40_000) },
        },
      ),
      [
        expect.stringContaining('expected steps that take at most 33554432 bytes in all, got more'),
        expect.stringContaining('got "x"'),
      ],
    ],
    [
      'what is wrong in many rounds, once',
      lab(
        {},
        {
          forEach: { from: 998, to: 5000 },
          id: 'a',
          uses: 'link',
          with: { link: 'a-long-name-${{ each }}', mtu: '${{ each - 931 }}' },
        },
      ),
      [
        expect.stringMatching(
          /^lab.json:3:73 .*expected a link name: .*, got "a-long-name-1000" \(in a\[1000\] each is 1000\)$/,
        ),
        expect.stringMatching(
          /^lab.json:3:105 .*expected an integer from 68 to 65535, got 67 \(in a\[998\] each is 998\)$/,
        ),
      ],
    ],
    [
      'a field that each lacks',
      lab({}, { forEach: [{ x: 'a' }, { y: 'b' }], ...netns('${{ each.x }}') }),
      ['lab.json:3:74 /steps/0/with/netns: ${{ each.x }}: No such key: x (in a[1] each is {"y":"b"})'],
    ],
    [
      'a field that each lacks, in what is known later',
      lab(
        {},
        {
          forEach: [{ x: 'a' }],
          steps: [{ ...veth, with: { name: 'h', peer: { name: 'p' } } }, reads('${{ steps.v.outputs.mac + each.y }}')],
        },
      ),
      [expect.stringContaining('expected a name that each has, got each.y (in l[0] each is {"x":"a"})')],
    ],
    [
      'an expression that is none with each',
      lab(
        {},
        {
          forEach: ['a'],
          steps: [
            { ...veth, with: { name: 'h', peer: { name: 'p' } } },
            reads('${{ steps.v.outputs.mac + string(each - 1) }}'),
          ],
        },
      ),
      [expect.stringContaining('expected values that go together, got string - int (in l[a] each is "a")')],
    ],
    [
      'a step that is done many times',
      lab({}, { forEach: [1, 2], ...veth }, reads('${{ steps.v.outputs.mac }}')),
      [
        'lab.json:4:53 /steps/1/with/alias: expected a round of step "v", got "v" (write steps["v[1]"]; there are v[1], v[2])',
      ],
    ],
    [
      'a round that is not there',
      lab({}, { forEach: [1, 2], ...veth }, reads('${{ steps["v[3]"].outputs.mac }}')),
      [expect.stringContaining('expected a round of step "v", got "v[3]" (write steps["v[1]"]; there are v[1], v[2])')],
    ],
    [
      'a round that is not there, where steps are named',
      lab({}, { forEach: [1, 2], ...veth }, { ...netns('x', 'n'), needs: ['v[3]'] }),
      [expect.stringContaining('expected a round of step "v", got "v[3]" (write "v[1]"; there are v[1], v[2])')],
    ],
    [
      'a round of what has none',
      lab({}, { ...netns('x', 'n') }, reads('${{ steps["n[3]"].outputs.netns }}')),
      [expect.stringContaining('expected the id of a step, got "n[3]"')],
    ],
    [
      'a step that is never done',
      lab({}, { forEach: [], ...veth }, reads('${{ steps.v.outputs.mac }}')),
      [expect.stringContaining('got "v" (it is never done)')],
    ],
    [
      'a later step of a group',
      lab({}, { forEach: [1, 2], steps: [reads('${{ steps.v.outputs.mac }}'), veth] }),
      [
        'lab.json:3:79 /steps/0/steps/0/with/alias: expected an earlier step, got "v", which comes later (move step "v" before step "l")',
      ],
    ],
    [
      'a later round',
      lab({}, { forEach: [1, 2], steps: [veth, reads('${{ steps["v[2]"].outputs.mac }}')] }),
      [expect.stringContaining('expected an earlier step, got "v[2]", which comes later')],
    ],
    [
      'the step itself',
      lab({}, { forEach: [1, 2], ...reads('${{ steps.l.outputs.mac }}') }),
      [expect.stringContaining('expected no cycle, got l → l')],
    ],
    [
      'an output that is not there',
      lab({}, { forEach: [1], ...veth }, reads('${{ steps["v[1]"].outputs.mak }}')),
      [expect.stringContaining('expected an output of step "v[1]" (veth), got "mak" (did you mean "mac"?)')],
    ],
    [
      'an id that stands twice',
      lab({}, { forEach: [1], steps: [a] }, netns('x')),
      ['lab.json:4:7 /steps/1/id: expected an id of its own, got "a" again (first at 3:31)'],
    ],
    [
      'an unknown step type, once',
      lab({}, { forEach: [1, 2], id: 'a', uses: 'vteh', with: {} }),
      [expect.stringContaining('expected a step type, got "vteh"')],
    ],
    [
      'a list that is none',
      lab({ l: { type: 'list', default: 'x' } }),
      ['lab.json:1:58 /inputs/l/default: expected a list, got "x"'],
    ],
  ]
  test.each(table)('%s', async (_, text, expected) => expect(await mistakesIn(text)).toEqual(expected))

  test('a list given as a text that is no JSON', async () => {
    for (const l of ['[1,', '['.repeat(100), '[{"a":1,"a":2}]'])
      expect(await mistakesIn(lab({ l: { type: 'list' } }), { texts: { l } })).toEqual([
        expect.stringContaining('expected a list, got'),
      ])
  })
  test('a secret that would tell how often', async () =>
    expect(
      await mistakesIn(lab({ s: { secret: true } }, { forEach: ['${{ inputs.s }}'], ...a }), {
        environment: { s: 'hidden-one' },
      }),
    ).toEqual([
      'lab.json:3:13 /steps/0/forEach/0: expected a list or range without the secret input "s": it tells in the ids of steps what it is',
    ]))
  test('an input without a value, and nothing that follows from it', async () =>
    expect(
      await mistakesIn(
        lab(
          { n: { type: 'list' } },
          { forEach: '${{ inputs.n }}', steps: [veth] },
          reads('${{ steps["v[7]"].outputs.mac }}'),
        ),
      ),
    ).toEqual([expect.stringContaining('expected a value for the input "n"')]))
})

test('a secret stays one in a group', async () => {
  const text = lab(
    { key: { secret: true } },
    { forEach: ['lo', 'l2'], id: 'a', uses: 'link', with: { link: '${{ each }}', alias: '${{ inputs.key }}' } },
  )
  const { steps } = await prepared(text, { environment: { key: 'hidden-one' } })
  expect(steps.map(({ with: input }) => input)).toEqual(['lo', 'l2'].map((link) => ({ link, alias: '«secret:key»' })))
  const made = text.replace('${{ inputs.key }}', '${{ inputs.key + each }}')
  expect(await mistakesIn(made, { environment: { key: 'hidden-one' } })).toEqual([
    expect.stringContaining('expected inputs.key by itself'),
  ])
})
