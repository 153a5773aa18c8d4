import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Json } from '../../core/json.ts'
import { loadPlugin } from '../../core/load-plugin.ts'
import { registryOf } from '../../core/registry.ts'
import { parseSource } from '../../core/source.ts'
import { settle } from '../../core/wait.ts'
import { draftOf } from '../../core/workflow.ts'
import { prepare } from '../../core/prepare.ts'
import type { Step } from '../../core/step.ts'
import { conforms } from '../support/conforms.ts'
import { hasPython, programs } from '../support/foreign.ts'
import { context, given } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'

const { dir, programOf } = programs()

const page = readFileSync('docs/steps-in-other-languages.md', 'utf8')

/** A program that answers each question with the same line. */
const saying = (name: string, line: string): string =>
  programOf(name, `#!/bin/sh\nwhile read -r _; do cat <<'EOF'\n${line}\nEOF\ndone\n`)

const schemaOf = (step: object, protocol: unknown = 1): string =>
  JSON.stringify({ answer: { protocol, steps: [{ type: 'mine', input: { type: 'object' }, ...step }] } })

describe.skipIf(!hasPython)('the page about steps in other languages', () => {
  test('shows the example as it is', () => {
    const [, text] = /```python\n([^]*?)```\n/.exec(page)!
    expect(text).toBe(readFileSync('docs/examples/mtu.py', 'utf8'))
  })

  test('shows what the example says', () => {
    const [, talk] = /```\n(→[^]*?)```\n/.exec(page)!
    const [asked, told] = ['→ ', '← '].map((mark) =>
      talk!.split('\n').flatMap((line) => (line.startsWith(mark) ? [line.slice(mark.length)] : [])),
    )
    expect(asked!.length).toBeGreaterThan(5)
    const said = execFileSync('docs/examples/mtu.py', { input: `${asked!.join('\n')}\n`, encoding: 'utf8' })
    expect(said.trim().split('\n')).toEqual(told)
  })
})

const load = async (): Promise<Step> => (await loadPlugin(join(dir, 'mtu.py')))[0]!

describe.skipIf(!hasPython)('the example', () => {
  test('is a step like any other', async () => {
    const mtu = await load()
    const small = given(mtu, { netns: 'blue', link: 'b0', mtu: 1400 })
    expect(small.observes('[{ "ifname": "b0", "mtu": 1500 }]')).toEqual({ mtu: 1500 })
    small.seeing({ mtu: 1500 }).plans({
      apply: ['ip -n blue link set dev b0 mtu 1400'],
      undo: ['ip -n blue link set dev b0 mtu 1500'],
    })
    small.seeing({ mtu: 1400 }).isSatisfied()
    small.seeing({ mtu: null }).conflicts('there is no link b0')
    expect(mtu.drift!(small.input, { mtu: 1400 }, { mtu: 1400 }, context)).toBeUndefined()
    expect(mtu.drift!(small.input, { mtu: 1400 }, { mtu: 9 }, context)).toBe('its mtu is 9')
    expect(mtu.undo).toBeUndefined()
  })

  test('keeps the contract on a real kernel', async () => {
    const kernel = await privateKernel()
    await kernel.sh('ip netns add blue')
    await kernel.sh('ip link add a0 type veth peer name b0 netns blue')
    await conforms(kernel, await load(), { link: 'a0', mtu: 1400 })
    await conforms(kernel, await load(), { netns: 'blue', link: 'b0', mtu: 1300 })
  })

  test('has its input checked, with the place of each mistake', async () => {
    const steps = [{ id: 'a', uses: 'mtu', with: { link: 'a/0', mtu: 7, mut: 1 } }]
    const source = await parseSource(JSON.stringify({ name: 'lab', steps }, null, 1), '/lab.json')
    const registry = registryOf([await load()])
    const checked = prepare(draftOf(source), registry, context.facts, { texts: {}, values: {}, environment: {} })
    await expect(checked).rejects.toThrow(
      [
        '/lab.json has 3 mistakes:',
        '  lab.json:8:13 /steps/0/with/link: expected a text that matches /^[^/ ]{1,15}$/, got "a/0"',
        '  lab.json:9:12 /steps/0/with/mtu: expected at least 68, got 7',
        '  lab.json:10:12 /steps/0/with/mut: expected a known field, got "mut" (did you mean "mtu"?)',
      ].join('\n'),
    )
  })
})

test.each<readonly [string, () => string, string]>([
  ['is not executable', () => programOf('plain', '#!/bin/sh\n', 0o644), 'is not executable'],
  [
    'is a text',
    () => programOf('text.txt', 'sleep 100\n'),
    'expected a .js, .mjs or .ts file, a script that begins with "#!" or a program',
  ],
  [
    'lacks its interpreter',
    () => programOf('lacks', '#!/no/such/python\n'),
    'its first line names the program /no/such/python, which is not there',
  ],
  [
    'lacks what env looks for',
    () => programOf('env', '#!/usr/bin/env no-such-python\n'),
    'ended with exit code 127 and gave no answer, saying:\n',
  ],
  [
    'ends',
    () => programOf('ends', '#!/bin/sh\necho out of order >&2\nexit 3\n'),
    'ended with exit code 3 and gave no answer, saying:\nout of order',
  ],
  ['ends quietly', () => programOf('quiet', '#!/bin/sh\nread -r _\n'), 'ended with exit code 0 and gave no answer'],
  ['is killed', () => programOf('killed', '#!/bin/sh\nkill -9 $$\n'), 'was ended by SIGKILL and gave no answer'],
  ['prints nonsense', () => saying('nonsense', 'Hello!'), 'expected a line { "answer": … } to "schema", got "Hello!"'],
  [
    'prints too many lines',
    () => saying('lines', '{"answer": {}}\nmore'),
    'gave more than one line for an answer: got "{\\"answer\\": {}}" and "more"',
  ],
  [
    'prints without end',
    () => programOf('endless', '#!/bin/sh\ntr "\\0" x </dev/zero\n'),
    'gave an answer of more than 16 MiB',
  ],
  ['cannot answer', () => saying('cannot', '{"error": "not today"}'), 'not today'],
  [
    'speaks another version',
    () => saying('version', schemaOf({}, 2)),
    'expected "protocol": 1 in the answer to "schema", got 2',
  ],
  [
    'has no step',
    () => saying('none', '{"answer": {"protocol": 1, "steps": []}}'),
    'expected another answer to "schema": /steps: ',
  ],
  [
    'has an unknown part',
    () => saying('part', schemaOf({ also: ['do'] })),
    'expected another answer to "schema": /steps/0/also/0: ',
  ],
  [
    'has wrong docs',
    () => saying('docs', schemaOf({ docs: { examples: 7 } })),
    'step type "mine": there is a mistake in docs.examples',
  ],
  [
    'has no object for its input',
    () => saying('object', schemaOf({ input: { type: 'string' } })),
    'step type "mine": expected a schema of "type": "object"',
  ],
  [
    'has a schema that cannot be checked',
    () => saying('if', schemaOf({ input: { type: 'object', if: {}, then: {} } })),
    'not supported',
  ],
])('a program that %s is refused with its file', async (_, make, message) => {
  const path = make()
  const refused = loadPlugin(path)
  await expect(refused).rejects.toMatchObject({ code: 'PLUGIN_INVALID', message: expect.stringContaining(`${path}: `) })
  await expect(refused).rejects.toThrow(message)
})

const processes = async (): Promise<string> => execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' })

test('one that hangs is ended, and named; also in the instant in which it is started', async () => {
  onTestFinished(() => void delete process.env['NSNET_TIMEOUT'])
  const path = programOf('hangs', '#!/bin/sh\nexec sleep 321\n')
  const limits = [...Array.from({ length: 50 }, (_, at) => at + 20), 200]
  for (const ms of limits) {
    const limit = `${ms / 1000}`
    process.env['NSNET_TIMEOUT'] = limit
    await expect(loadPlugin(path)).rejects.toThrow(`${path}: gave no answer within ${limit} s`)
  }
  const isThere = (seen: string): boolean => seen.includes('sleep 321') || seen.includes(path)
  // the last one may not even have been started
  await setTimeout(300)
  expect(await settle(processes, (seen) => !isThere(seen), 5000)).not.toMatch(new RegExp(`sleep 321|${path}`))
})

test('one that says what of it is indivisible is asked for that', async () => {
  const answer = `case $line in *schema*) echo '${schemaOf({ also: ['indivisible'] })}';; *) echo "{\\"answer\\": [\\"x:$(echo "$line" | tr -d '"')\\"]}";; esac`
  const path = programOf('parts', `#!/bin/sh\nwhile read -r line; do ${answer}; done\n`)
  const [step] = await loadPlugin(path)
  expect(step!.indivisible!({ n: 1 })).toEqual(['x:{nsnet:1,ask:indivisible,type:mine,input:{n:1}}'])
})

test('one that ends after each answer is started again, and asked nothing twice', async () => {
  const log = programOf('log', '')
  const answer = `case $line in *schema*) echo '${schemaOf({})}';; *) echo '{"answer": {"uses": ["link:host/x"]}}';; esac`
  const path = programOf('once', `#!/bin/sh\nread -r line\necho "$line" >>${log}\n${answer}\n`)
  const [step] = await loadPlugin(path)
  const keys: readonly Json[] = [1, 2, 1].map((n) => step!.resources({ n }) as Json)
  expect(keys).toEqual([1, 2, 3].map(() => ({ uses: ['link:host/x'] })))
  expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
    '{"nsnet":1,"ask":"schema"}',
    '{"nsnet":1,"ask":"resources","type":"mine","input":{"n":1}}',
    '{"nsnet":1,"ask":"resources","type":"mine","input":{"n":2}}',
  ])
})
