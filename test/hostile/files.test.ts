import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { measured, type Measured } from '../support/measured.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-hostile-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The largest file that is read, in bytes. */
const LIMIT = 2 * 1024 * 1024

/** Repeats a text until it fills the largest file, but for some room. */
const filling = (text: string): string => text.repeat(Math.floor((LIMIT - 200) / text.length))

const stepsOf = (step: (at: number) => string, count = 20_000): string =>
  `{ "name": "big", "steps": [\n${Array.from({ length: count }, (_, at) => step(at)).join(',\n')}\n] }`
const yamlOf = (step: (at: number) => string, count: number): string =>
  `name: big\nsteps:\n${Array.from({ length: count }, (_, at) => step(at)).join('')}`
const netns = (at: number, name: string): string =>
  `{ "id": "s${at}", "uses": "netns", "with": { "netns": "${name}" } }`
const repeated = (rounds: number, step: string): string =>
  `{ "name": "big", "steps": [{ "forEach": { "from": 1, "to": ${rounds} }, "steps": [${step}] }] }`
const withNetns = (name: string): string => stepsOf((at) => netns(at, name), 1)
const noise = (bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  for (let at = 0, seed = 1; at < bytes; at += 1) buffer[at] = (seed = (seed * 1_103_515_245 + 12_345) >>> 0) >>> 24
  return buffer
}
const keys = (count: number): string => Array.from({ length: count }, (_, at) => `"${at.toString(36)}":1`).join(',')
const bomb = Array.from({ length: 12 }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(10)}]`).join('\n')
const doubling = Array.from(
  { length: 60 },
  (_, at) => `"a${at + 1}":{"default":"\${{ inputs.a${at} + inputs.a${at} }}"}`,
)
const chain = Array.from({ length: 20_000 }, (_, at) => `"k${at}":{"default":"\${{ inputs.k${at + 1} }}"}`)
const tooLarge = /:1:1: expected at most 2097152 bytes, got more: split it into several workflows/
const tooMany = /:1:\d+: expected at most 120000 values, got more: split it into several workflows/
const tooManyTokens = /\.yaml:\d+:\d+: expected at most 100000 tokens of YAML, got more: write it as JSON/m

function validated(name: string, content: string | Buffer): Measured {
  const path = join(dir, name)
  writeFileSync(path, content)
  return measured('validate', path)
}

/** On an idle machine nearly all of these take less than a second and 250 MB, many keys twice as much; slow ones pass too. */
function expectCheap({ seconds, megabytes }: Measured): void {
  expect(seconds, 'seconds of processor time').toBeLessThan(3)
  expect(megabytes).toBeLessThan(400)
}

describe('refuses in words, in little time and in little memory', () => {
  const cases: readonly (readonly [string, () => string | Buffer, RegExp])[] = [
    ['one byte too many.json', () => ' '.repeat(LIMIT + 1), tooLarge],
    ['100,000 steps.json', () => stepsOf((at) => netns(at, `n${at}`), 100_000), tooLarge],
    ['noise.json', () => noise(LIMIT), /:\d+:\d+: expected UTF-8, got the byte 0x/],
    ['noise.yaml', () => noise(LIMIT), /:\d+:\d+: expected UTF-8, got the byte 0x/],
    ['latin-1.json', () => Buffer.from('{ "name": "caf\xe9" }', 'latin1'), /:1:15: expected UTF-8, got the byte 0xe9/],
    ['utf-16.json', () => Buffer.from('\ufeff{}', 'utf16le'), /:1:1: expected UTF-8, got UTF-16/],
    ['utf-16be.yaml', () => Buffer.from('\ufeff{}', 'utf16le').swap16(), /:1:1: expected UTF-8, got UTF-16/],
    ['empty.json', () => '', /:1:1: expected JSON: Unexpected end of input found/],
    ['empty.yaml', () => '', /:1:1: expected an object, got null/],
    ['huge list.json', () => `{ "name": "x", "steps": [${filling('1,')}1] }`, tooMany],
    ['many lists.json', () => `[${filling(`[${'[],'.repeat(9_000)}[]],`)}[]]`, tooMany],
    ['too many keys.json', () => `{${keys(220_000)}}`, tooMany],
    ['many keys.json', () => `{${keys(119_000)}}`, /1000 mistakes or more/],
    ['many inputs.json', () => `{"name":"x","steps":[],"inputs":{${keys(119_000)}}}`, /1000 mistakes or more/],
    ['many objects.json', () => `[${'{},'.repeat(119_998)}{}]`, /:1:1: expected an object, got \[/],
    ['one object too many.json', () => `[${'{},'.repeat(119_999)}{}]`, tooMany],
    ['many texts.json', () => `[${'"",'.repeat(119_998)}""]`, /:1:1: expected an object, got \[/],
    ['one key.json', () => `{${'"a":1,'.repeat(119_000)}"a":1}`, /:1:8 \/a: expected each field once, got "a" again/],
    ['deep.json', () => filling('['), /:1:65: expected at most 64 levels of nesting, got more/],
    ['deep objects.json', () => filling('{"a":'), /:1:321: expected at most 64 levels/],
    ['huge list.yaml', () => `name: x\nsteps: [${filling('1,')}1]`, tooManyTokens],
    ['deep.yaml', () => filling('['), tooManyTokens],
    ['deep dashes.yaml', () => filling('- '), tooManyTokens],
    ['deep enough.yaml', () => '['.repeat(40_000), /expected at most 64 levels of nesting, got more/],
    ['deep block.yaml', () => Array.from({ length: 2000 }, (_, at) => `${' '.repeat(at)}a:\n`).join(''), /64 levels/],
    ['mistakes.yaml', () => filling('a: b: c\n'), tooManyTokens],
    ['some mistakes.yaml', () => 'a: @x\n'.repeat(14_000), /:1:4: expected quotes around a text that begins with "@"/],
    ['anchors.yaml', () => `[${filling('&a a,')}]`, tooManyTokens],
    ['aliases.yaml', () => `a: &a x\nb: [${filling('*a,')}]`, tooManyTokens],
    ['bomb.yaml', () => `l0: &l0 x\n${bomb}`, /expected at most 100 aliased nodes, got more/],
    [
      '100,000 steps.yaml',
      () => yamlOf((at) => `- { id: s${at}, uses: netns, with: { netns: n } }\n`, 100_000),
      tooLarge,
    ],
    [
      '20,000 steps.yaml',
      () => yamlOf((at) => `- { id: s${at}, uses: netns, with: { netns: n } }\n`, 20_000),
      tooManyTokens,
    ],
    [
      'unknown fields.json',
      () => stepsOf((at) => netns(at, 'a').replace('"netns":', '"nets":')),
      /1000 mistakes or more/,
    ],
    ['unknown types.json', () => stepsOf((at) => netns(at, 'a').replace('"netns"', '"nets"')), /1000 mistakes or more/],
    ['one id.json', () => stepsOf(() => netns(0, 'a')), /:3:9 \/steps\/1\/id: expected an id of its own/],
    ['unknown steps.json', () => stepsOf((at) => netns(at, `\${{ steps.x${at}.outputs.netns }}`)), /got "x0"/],
    ['no steps.json', () => stepsOf((at) => `${at}`), /:2:1 \/steps\/0: expected an object, got 0/],
    [
      'a ring.json',
      () => stepsOf((at) => netns(at, `\${{ steps.s${(at + 1) % 20_000}.outputs.netns }}`)),
      /:2:51 \/steps\/0\/with\/netns: expected an earlier step, got "s1"/,
    ],
    ['long key.json', () => `{"name":"a","steps":[],"${filling('k')}":1}`, /expected a known field, got "kkkkk+…/],
    ['long id.json', () => `{"name":"a","steps":[{"id":"${filling('k')}","uses":"netns"}]}`, /of up to 63 letters/],
    ['long name.json', () => `{"name":"${filling('k')}","steps":[]}`, /expected a name of 1 to 200 characters/],
    ['long netns.json', () => withNetns(filling('k')), /expected a netns name: .*, got "kkkk/],
    ['long expression.json', () => withNetns(`\${{ ${filling('1+')}1 }}`), /at most 65536 characters, got \d+/],
    ['many expressions.json', () => withNetns(filling('${{ 1 }}')), /at most 65536 characters, got \d+/],
    ['deep expression.json', () => withNetns(`\${{ ${'('.repeat(60_000)} }}`), /\/with\/netns: \$\{\{ \(\(\(/],
    ['open expressions.json', () => withNetns('${{ { }}'.repeat(8_000)), /\/with\/netns: \$\{\{ \{ }}/],
    [
      'macros.json',
      () => withNetns(`\${{ ${'[1,2,3,4,5,6,7,8,9].map(a, '.repeat(9)}a${')'.repeat(9)} }}`),
      /expected a function that expressions have, got map\(\)/,
    ],
    [
      'regular expression.json',
      () => withNetns("${{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$') ? 'a' : 'b' }}"),
      /expected a function that expressions have, got matches\(\)/,
    ],
    [
      'doubling.json',
      () => `{"name":"a","inputs":{"a0":{"default":"xxxxxxxxxx"},${doubling.join(',')}},"steps":[]}`,
      /\/inputs\/a13\/default: .*expected a text of at most 65536 characters, got 81920/,
    ],
    [
      'chain of inputs.json',
      () => `{"name":"a","inputs":{${chain.join(',')},"k20000":{"default":"x"}},"steps":[]}`,
      /expected defaults that lead to a value over at most 100 other inputs, got more/,
    ],
    [
      'many rounds.json',
      () => repeated(100_001, netns(0, 'n${{ each }}')),
      /expected at most 100000 steps in all, got 1 step/,
    ],
    [
      'wrong in all rounds.json',
      () => repeated(100_000, netns(0, '${{ each }}')),
      /expected a string, got 1 \(in s0\[1\] each/,
    ],
    ['no such field.json', () => repeated(100_000, netns(0, '${{ each.x }}')), /\(in s0\[1\] each is 1\)/],
    [
      'long rounds.json',
      () => repeated(100_000, netns(0, `${'x'.repeat(60_000)}\${{ each }}`)),
      /expected a netns name/,
    ],
    [
      'many words.json',
      () =>
        repeated(
          10_000,
          `{"id":"a","uses":"iptables","with":{"chain":"a","rule":[${'"x${{each}}",'.repeat(50_000)}""]}}`,
        ),
      /expected steps that take at most 33554432 bytes in all, got more/,
    ],
    [
      'rule.json',
      () => stepsOf(() => `{"id":"a","uses":"iptables","with":{"chain":"INPUT","rule":"${filling('x')}"}}`, 1),
      /at most 65536 characters/,
    ],
    [
      'sysctl.json',
      () => stepsOf(() => `{"id":"a","uses":"sysctl","with":{"key":"${filling('a.')}","value":1}}`, 1),
      /expected a sysctl below "net"/,
    ],
  ]
  test.each(cases)('%s', (name, content, message) => {
    const result = validated(name, content())
    const { status, stderr } = result
    expect(stderr).toMatch(message)
    expect({ status, stack: /\n {4}at /.test(stderr) }).toEqual({ status: 65, stack: false })
    expectCheap(result)
    expect(stderr.length, 'what is told').toBeLessThan(100_000)
  })
})

describe('reads', () => {
  const cases: readonly (readonly [string, () => string, string])[] = [
    ['20,000 steps.json', () => stepsOf((at) => netns(at, `n${at}`)), '20000 steps'],
    ['20,000 rounds.json', () => repeated(20_000, netns(0, 'n${{ each }}')), '20000 steps'],
    ['2 MB.json', () => stepsOf((at) => netns(at, `n${at}`).padEnd(100)), '20000 steps'],
    ['one long text.json', () => `{ "name": "x", "description": "${filling('x')}", "steps": [] }`, '0 steps'],
    ['one long text.yaml', () => `name: x\ndescription: ${filling('x')}\nsteps: []\n`, '0 steps'],
    ['escapes.json', () => `{ "name": "x", "description": "${filling('\\u0041')}", "steps": [] }`, '0 steps'],
    ['blanks.json', () => `${filling(' ')}{ "name": "x", "steps": [] }`, '0 steps'],
    ['line feeds.json', () => `${filling('\n')}{ "name": "x", "steps": [] }`, '0 steps'],
    [
      '2,000 steps.yaml',
      () => yamlOf((at) => `- { id: s${at}, uses: netns, with: { netns: n } }\n`, 2000),
      '2000 steps',
    ],
    ['mark.json', () => '\ufeff{ "name": "x", "steps": [] }', '0 steps'],
    ['mark.yaml', () => '\ufeffname: x\nsteps: []\n', '0 steps'],
  ]
  test.each(cases)('%s', (name, content, message) => {
    const result = validated(name, content())
    expect(result).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining(message) })
    expectCheap(result)
  })

  test('a pipe', () => {
    const path = join(dir, 'piped.json')
    writeFileSync(
      path,
      stepsOf((at) => netns(at, 'a'), 1000),
    )
    const { status, stdout } = spawnSync('bash', [
      '-c',
      `"$0" dist/nsnet.js validate <(cat "$1")`,
      process.execPath,
      path,
    ])
    expect({ status, stdout: `${stdout}` }).toEqual({ status: 0, stdout: expect.stringContaining('1000 steps') })
  })
})

test('ends at the size limit where a device never ends', () => {
  const result = measured('validate', '/dev/zero')
  expect(result).toMatchObject({
    status: 65,
    stderr: expect.stringContaining('expected at most 2097152 bytes, got more'),
  })
  expectCheap(result)
})

test('says what a directory is not, and what to name instead', () => {
  const { status, stderr } = measured('validate', dir)
  expect({ status, stderr }).toEqual({
    status: 65,
    stderr: expect.stringMatching(/^nsnet: cannot read .*\n {2}name a file/),
  })
})
