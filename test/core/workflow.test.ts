import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { context } from '../support/given.ts'
import { mistakesIn, prepared } from '../support/workflow.ts'

/** A workflow of these steps, one a line, so that the first stands on line 2. */
const steps = (...list: readonly string[]): string => `{ "name": "lab", "steps": [\n${list.join(',\n')}\n] }`
const blue = '{ "id": "blue", "uses": "netns", "with": { "netns": "blue" } }'

test.each(['internet', 'internet-nftables', 'two-namespaces', 'many'])(
  'finds nothing wrong with workflows/%s.json',
  async (name) => expect(await mistakesIn(readFileSync(`workflows/${name}.json`, 'utf8'))).toEqual([]),
)

test('resolves inputs, facts and functions before anything runs', async () => {
  const text = `{ "name": "lab",
    "inputs": { "prefix": { "default": "10.7.0.0/24" }, "bytes": { "type": "integer", "default": 1400 }, "up": { "default": "\${{ host.uplink }}" } },
    "steps": [
      { "id": "a", "uses": "addr", "with": { "link": "\${{ inputs.up }}", "address": "\${{ address(inputs.prefix, 1) }}" } },
      { "id": "b", "uses": "link", "with": { "link": "enp1s0", "mtu": "\${{ inputs.bytes }}" } } ] }`
  const { inputs, steps: ready } = await prepared(text, { texts: { bytes: '1300' } })
  expect(inputs).toEqual({ prefix: '10.7.0.0/24', bytes: 1300, up: 'enp1s0' })
  expect(ready.map((step) => step.with)).toEqual([
    { link: 'enp1s0', address: '10.7.0.1/24' },
    { link: 'enp1s0', mtu: 1300 },
  ])
})

test('leaves what depends on an earlier step for later', async () => {
  const veth = '{ "id": "v", "uses": "veth", "with": { "name": "a", "peer": { "name": "b" } } }'
  const link = '{ "id": "l", "uses": "link", "with": { "link": "a", "alias": "peer ${{ steps.v.outputs.peerMac }}" } }'
  const { steps: ready } = await prepared(steps(veth, link))
  expect(ready[1]!.with).toEqual({ link: 'a', alias: 'peer ${{ steps.v.outputs.peerMac }}' })
})

test('reads YAML', async () => {
  const text = 'name: lab\nsteps:\n  - id: blue\n    uses: netns\n    with: { netns: blue }\n'
  expect((await prepared(text, {}, '/lab.yaml')).steps).toMatchObject([{ id: 'blue', at: { line: 3, column: 5 } }])
})

describe('tells the mistake and where it stands', () => {
  const table: readonly (readonly [string, string, readonly string[]])[] = [
    ['no JSON', '{ "name": }', ['lab.json:1:11: expected JSON: Unexpected token "}" found.']],
    ['no object', '[]', ['lab.json:1:1: expected an object, got []']],
    ['a missing field', '{ "name": "lab" }', ['lab.json:1:1 /steps: expected a field "steps" (an array), got nothing']],
    ['JSON that ends too early', '{\n "name": -', ['lab.json:2:11: expected JSON: Unexpected end of input found.']],
    [
      'a control character in a text',
      '{ "name": "la\tb" }',
      ['lab.json:1:14: expected JSON: Unexpected character "\\t" found.'],
    ],
    [
      'an unknown field',
      '{ "name": "lab", "step": [], "steps": [] }',
      ['lab.json:1:26 /step: expected a known field, got "step" (did you mean "steps"?)'],
    ],
    [
      'a key that stands twice',
      '{ "name": "lab", "name": "b", "steps": [] }',
      ['lab.json:1:18 /name: expected each field once, got "name" again (first at 1:3)'],
    ],
    [
      'an unknown step type',
      steps('{ "id": "a", "uses": "vteh", "with": {} }'),
      ['lab.json:2:22 /steps/0/uses: expected a step type, got "vteh" (did you mean "veth"?)'],
    ],
    [
      'a missing field of a step type',
      steps('{ "id": "a", "uses": "netns", "with": {} }'),
      ['lab.json:2:39 /steps/0/with/netns: expected a field "netns" (a string), got nothing'],
    ],
    [
      'an unknown field of a step type',
      steps('{ "id": "a", "uses": "netns", "with": { "netns": "a", "nmae": 1 } }'),
      ['lab.json:2:63 /steps/0/with/nmae: expected a known field, got "nmae" (the fields here are netns)'],
    ],
    [
      'a wrong type with its bounds',
      steps('{ "id": "a", "uses": "link", "with": { "link": "lo", "mtu": "big" } }'),
      ['lab.json:2:61 /steps/0/with/mtu: expected an integer from 68 to 65535, got "big"'],
    ],
    [
      'a number out of bounds',
      steps('{ "id": "a", "uses": "link", "with": { "link": "lo", "mtu": 60 } }'),
      ['lab.json:2:61 /steps/0/with/mtu: expected an integer from 68 to 65535, got 60'],
    ],
    [
      'a number as a text, with its bounds',
      steps('{ "id": "a", "uses": "rule", "with": { "from": "10.0.0.0/8", "priority": "1000" } }'),
      ['lab.json:2:74 /steps/0/with/priority: expected an integer from 0 to 4294967295, got "1000"'],
    ],
    [
      'a field of a step type that stands outside of "with"',
      steps('{ "id": "a", "uses": "netns", "netns": "a" }'),
      [
        'lab.json:2:1 /steps/0/with/netns: expected a field "netns" (a string), got nothing',
        expect.stringMatching(
          /\/steps\/0\/netns: expected a known field, got "netns" .*; those of a step type stand in "with"\)/,
        ),
      ],
    ],
    [
      'a bad address',
      steps('{ "id": "a", "uses": "addr", "with": { "link": "lo", "address": "10.0.0.300/24" } }'),
      [
        'lab.json:2:65 /steps/0/with/address: expected an address with prefix length, such as "10.0.0.1/24", got "10.0.0.300/24"',
      ],
    ],
    [
      'a bad link name',
      steps('{ "id": "a", "uses": "link", "with": { "link": "../../etc/passwd", "state": "up" } }'),
      [
        'lab.json:2:48 /steps/0/with/link: expected a link name: 1 to 15 bytes, no "/", ":", "%", white space or control characters, got "../../etc/passwd"',
      ],
    ],
    [
      'a destination of a route that is none',
      steps(
        '{ "id": "a", "uses": "route", "with": { "to": "10.0.0.1/8", "dev": "lo" } }',
        '{ "id": "b", "uses": "route", "with": { "to": "anywhere", "dev": "lo" } }',
      ),
      [
        'lab.json:2:47 /steps/0/with/to: expected "default", an address, or a prefix such as "10.0.0.0/24" with zero host bits ("10.0.0.0/8" would be one), got "10.0.0.1/8"',
        'lab.json:3:47 /steps/1/with/to: expected "default", an address, or a prefix such as "10.0.0.0/24", got "anywhere"',
      ],
    ],
    [
      'a default that the step which reads it cannot take',
      '{ "name": "lab", "inputs": { "n": { "default": "-x" } }, "steps": [\n{ "id": "a", "uses": "netns", "with": { "netns": "${{ inputs.n }}" } } ] }',
      [expect.stringMatching(/lab.json:2:50 .*, got "-x" \(the input "n" is "-x", its default\)$/)],
    ],
    [
      'an id that stands twice',
      steps(blue, blue.replace('"netns": "blue"', '"netns": "green"')),
      ['lab.json:3:9 /steps/1/id: expected an id of its own, got "blue" again (first at 2:9)'],
    ],
    [
      'an input that is not there',
      '{ "name": "lab", "inputs": { "uplink": { "default": "a" } }, "steps": [\n{ "id": "a", "uses": "netns", "with": { "netns": "${{ inputs.uplnk }}" } } ] }',
      ['lab.json:2:50 /steps/0/with/netns: expected a name that inputs has, got inputs.uplnk (did you mean "uplink"?)'],
    ],
    [
      'a step that is not there',
      steps(blue, '{ "id": "b", "uses": "netns", "with": { "netns": "${{ steps.bleu.outputs.netns }}" } }'),
      ['lab.json:3:50 /steps/1/with/netns: expected the id of a step, got "bleu" (did you mean "blue"?)'],
    ],
    [
      'an output that is not there',
      steps(blue, '{ "id": "b", "uses": "netns", "with": { "netns": "${{ steps.blue.outputs.inod }}" } }'),
      [
        'lab.json:3:50 /steps/1/with/netns: expected an output of step "blue" (netns), got "inod" (did you mean "inode"?)',
      ],
    ],
    [
      'a reference to a later step',
      steps('{ "id": "b", "uses": "netns", "with": { "netns": "${{ steps.blue.outputs.netns }}" } }', blue),
      [
        'lab.json:2:50 /steps/0/with/netns: expected an earlier step, got "blue", which comes later (move step "blue" before step "b")',
      ],
    ],
    [
      'a cycle of steps',
      steps('{ "id": "a", "uses": "netns", "with": { "netns": "${{ steps.a.outputs.netns }}" } }'),
      ['lab.json:2:50 /steps/0/with/netns: expected no cycle, got a → a'],
    ],
    [
      'an expression that is none',
      steps('{ "id": "a", "uses": "netns", "with": { "netns": "${{ inputs. }}" } }'),
      ['lab.json:2:50 /steps/0/with/netns: ${{ inputs. }}: expected a name, got the end'],
    ],
    [
      'an expression without an end',
      steps('{ "id": "a", "uses": "netns", "with": { "netns": "${{ inputs" } }'),
      ['lab.json:2:50 /steps/0/with/netns: expected "}}" after "${{", got none'],
    ],
    [
      'names that are none',
      '{ "name": "lab", "inputs": {\n"1st": { "default": "a" } }, "steps": [], "outputs": {\n"a b": 1 } }',
      [
        'lab.json:2:8 /inputs/1st: expected a name of up to 63 letters, digits, "_" and "-", beginning with a letter, got "1st"',
        'lab.json:3:8 /outputs/a b: expected a name of up to 63 letters, digits, "_" and "-", beginning with a letter, got "a b"',
      ],
    ],
    [
      'a field named __proto__',
      '{ "name": "lab", "__proto__": {}, "steps": [] }',
      ['lab.json:1:18 /__proto__: expected the name of a field, got "__proto__"'],
    ],
  ]
  test.each(table)('%s', async (_, text, expected) => expect(await mistakesIn(text)).toEqual(expected))
})

test('tells all mistakes at once, in their order', async () => {
  const text = steps(
    '{ "id": "a", "uses": "netsn", "with": {} }',
    '{ "id": "a", "uses": "addr", "with": { "link": "lo", "address": "x" } }',
    '{ "id": "c", "uses": "route", "with": { "to": "default", "via": "${{ steps.x.outputs.y }}", "metrik": 1 } }',
  )
  const told = await mistakesIn(text)
  expect(told.map((line) => line.split(' ')[0])).toEqual([
    'lab.json:2:22',
    'lab.json:3:9',
    'lab.json:3:65',
    'lab.json:4:65',
    'lab.json:4:103',
  ])
})

/** A workflow with one input, on line 2. */
const one = (spec: string): string => `{ "name": "lab", "inputs": {\n"n": ${spec} }, "steps": [] }`

/** A workflow with one input, which a step reads as an address. */
const reading = (spec: string): string =>
  `{ "name": "lab", "inputs": { "n": ${spec} }, "steps": [{ "id": "a", "uses": "addr", "with": { "link": "lo", "address": "\${{ inputs.n }}" } }] }`

describe('inputs', () => {
  test('need a value', async () =>
    expect(await mistakesIn(one('{}'))).toEqual([
      'lab.json:2:6 /inputs/n: expected a value for the input "n", got nothing (set it: --set n=VALUE)',
    ]))
  test('need a value of their type', async () =>
    expect(await mistakesIn(one('{ "type": "integer" }'), { texts: { n: 'many' } })).toEqual([
      '--set n=many (lab.json:2:6 /inputs/n): expected an integer, got "many"',
    ]))
  test('tell what was typed, of a secret not its value', async () => {
    const integer = one('{ "type": "integer", "default": 1 }')
    expect(await mistakesIn(integer, { environment: { n: 'many' } })).toEqual([
      'NSNET_INPUT_n=many (lab.json:2:6 /inputs/n): expected an integer, got "many"',
    ])
    expect(await mistakesIn(integer, { values: { n: 'many' }, valuesBy: '--set-file v.json' })).toEqual([
      'n by --set-file v.json (lab.json:2:6 /inputs/n): expected an integer, got "many"',
    ])
    expect(await mistakesIn(one('{ "secret": true }'), { environment: { n: 'abc' } })).toEqual([
      expect.stringMatching(
        /^NSNET_INPUT_n=… \(lab.json:2:6 \/inputs\/n\): expected a secret of at least 4 characters/,
      ),
    ])
  })
  test('are what is at fault, not the file, when they alone are', async () => {
    const given = { texts: { n: 'many' } }
    await expect(prepared(one('{ "type": "integer" }'), given)).rejects.toThrow(
      /^what is given to \/lab.json has a mistake:\n/,
    )
    const both = '{ "name": "lab", "inputs": {\n"n": { "type": "integer" } }, "step": [], "steps": [] }'
    await expect(prepared(both, given)).rejects.toThrow(/^\/lab.json has 2 mistakes:\n/)
  })
  test('are told, with who set them, where a step cannot take them; a secret is not', async () => {
    for (const [given, origin] of [
      [{ texts: { n: '10.0.0.1/33' } }, '--set n=10.0.0.1/33'],
      [{ values: { n: '10.0.0.1/33' }, valuesBy: '--set-file v.json' }, 'n by --set-file v.json'],
      [{ environment: { n: '10.0.0.1/33' } }, 'NSNET_INPUT_n=10.0.0.1/33'],
    ] as const) {
      const [told = '', ...more] = await mistakesIn(reading('{ "default": "10.0.0.1/24" }'), given)
      expect({ told, more }).toEqual({ told: expect.stringMatching(/, got "10.0.0.1\/33"$/), more: [] })
      expect(told.slice(0, told.indexOf(':'))).toBe(`${origin} (lab.json`)
    }
    for (const [given, origin] of [
      [{ texts: { n: '10.0.0.1' } }, 'as --set says'],
      [{ values: { n: '10.0.0.1' }, valuesBy: '--set-file v.json' }, 'as --set-file v.json says'],
      [{ values: { n: '10.0.0.1' } }, 'as the workflow around this one says'],
      [{ environment: { n: '10.0.0.1' } }, 'as NSNET_INPUT_n says'],
    ] as const)
      expect(await mistakesIn(reading('{ "default": "10.0.0.1" }').replace('}}"', '}}/33"'), given)).toEqual([
        expect.stringContaining(`got "10.0.0.1/33" (the input "n" is "10.0.0.1", ${origin})`),
      ])
    const [secret] = await mistakesIn(reading('{ "secret": true }'), { environment: { n: 'hidden-one' } })
    expect(secret).toMatch(/got "«secret:n»"$/)
  })
  test('must be there to be set', async () =>
    expect(await mistakesIn(one('{ "default": "" }'), { texts: { m: '1' } })).toEqual([
      '--set m=1 (lab.json:1:28 /inputs): expected an input to set, got "m" (did you mean "n"?)',
    ]))
  test('must not depend on themselves', async () =>
    expect(
      await mistakesIn(
        '{ "name": "lab", "inputs": { "a": { "default": "${{ inputs.b }}" }, "b": { "default": "${{ inputs.a }}" } }, "steps": [] }',
      ),
    ).toEqual(['lab.json:1:35 /inputs/a: expected defaults without a cycle, got a → b → a']))
  test('that need an uplink say so when there is none', async () => {
    const told = await mistakesIn(one('{ "default": "${{ host.uplink }}" }'), {}, '/lab.json', {
      ...context.facts,
      uplink: '',
    })
    expect(told).toEqual([expect.stringContaining('found no default route')])
  })
})

describe('hostile files', () => {
  test('nested 100,000 deep', async () =>
    expect(await mistakesIn('['.repeat(100_000))).toEqual([
      'lab.json:1:65: expected at most 64 levels of nesting, got more',
    ]))
  test('nested deep in YAML', async () => {
    const told = await mistakesIn('['.repeat(20_000), {}, '/lab.yaml')
    expect(told).toContainEqual(expect.stringMatching(/^lab\.yaml:1:\d+: expected /))
  })
  test('of more than 2 MiB', async () =>
    expect(await mistakesIn(' '.repeat(2_097_153))).toEqual([expect.stringContaining('expected at most')]))
  test('with an alias bomb', async () => {
    const levels = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(10)}]`)
    expect(await mistakesIn(`l0: &l0 x\n${levels.join('\n')}`, {}, '/lab.yaml')).toEqual([
      expect.stringContaining('aliased'),
    ])
  })
  test('with terminal escapes are not printed raw', async () => {
    const told = await mistakesIn('{ "name": "lab", "\\u001b[31m": 1, "steps": [] }')
    expect(told.join('')).not.toContain('\x1b')
  })
  test('that are anything at all are refused in words', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `{"name":"x","steps":[${json}]}`),
        ),
        fc.constantFrom('/lab.json', '/lab.yaml'),
        async (text, path) => {
          await mistakesIn(text, {}, path)
        },
      ),
      { numRuns: 500 },
    )
  })
})
