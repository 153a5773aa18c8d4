import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { liveLine } from '../../cli/progress/tty.ts'
import { table, type Screen } from '../../cli/terminal.ts'
import { printable } from '../../core/quote.ts'
import { begin } from '../../core/run.ts'
import { started } from '../support/events.ts'
import { sandboxed } from '../support/sandbox.ts'
import { mistakesIn, prepared } from '../support/workflow.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-names-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const nsnet = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['dist/nsnet.js', ...args], { encoding: 'utf8' })

function fileOf(name: string, content: unknown): string {
  const path = join(dir, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** Names that every object of JavaScript has, as ids, inputs, fields and outputs. */
const inherited = ['constructor', 'toString', 'hasOwnProperty', 'valueOf']

const reading = (expression: string) => ({ id: 'a', uses: 'netns', with: { netns: `\${{ ${expression} }}` } })

describe('names that objects inherit', () => {
  test.each(inherited)('%s may name an input and a step, and is read as such', async (name) => {
    const text = JSON.stringify({
      name: 'lab',
      inputs: { [name]: { default: 'blue' } },
      steps: [
        { id: name, uses: 'netns', with: { netns: `\${{ inputs.${name} }}` } },
        { id: 'b', uses: 'link', with: { netns: `\${{ steps.${name}.outputs.netns }}`, link: 'lo', state: 'up' } },
      ],
    })
    const { inputs, steps } = await prepared(text, { texts: { [name]: 'green' } })
    expect(inputs).toEqual({ [name]: 'green' })
    expect(steps[0]!.with).toEqual({ netns: 'green' })
  })

  test.each([...inherited, '__proto__'])(
    '%s is no input, output, step, step type or field unless somebody says so',
    async (name) => {
      const blue = { id: 'blue', uses: 'netns', with: { netns: 'blue' } }
      for (const [step, message] of [
        [reading(`inputs.${name}`), `expected a name that inputs has, got inputs.${name}`],
        [reading(`host["${name}"]`), `expected a name that host has, got host.${name}`],
        [reading(`steps.${name}.outputs.netns`), `expected the id of a step, got "${name}"`],
        [reading(`steps.blue.outputs.${name}`), `expected an output of step "blue" (netns), got "${name}"`],
        [{ id: 'a', uses: name, with: {} }, `expected a step type, got "${name}"`],
      ] as const)
        expect(await mistakesIn(JSON.stringify({ name: 'lab', steps: [blue, step] }))).toEqual([
          expect.stringContaining(message),
        ])
      const field = `{ "name": "lab", "steps": [{ "id": "a", "uses": "netns", "with": { "netns": "a", "${name}": 1 } }] }`
      expect(await mistakesIn(field)).toEqual([
        expect.stringMatching(/expected (a known field|the name of a field), got/),
      ])
      expect(await mistakesIn('{ "name": "lab", "steps": [] }', { texts: { [name]: 'x' } })).toEqual([
        expect.stringContaining(`expected an input to set, got "${name}"`),
      ])
    },
  )

  test('--set and --set-file know them as names like others', () => {
    const lab = fileOf('lab.json', { name: 'lab', inputs: { a: { default: 'x' } }, steps: [] })
    for (const name of ['__proto__', 'constructor']) {
      const file = fileOf('set.json', `{ "${name}": "x" }`)
      for (const args of [
        ['--set', `${name}=x`],
        ['--set-file', file],
      ]) {
        const { status, stderr } = nsnet('validate', lab, ...args)
        expect({ status, stderr }).toEqual({
          status: 65,
          stderr: expect.stringMatching(/got "(__proto__|constructor)"|a mistake at \S+:1:3$/m),
        })
      }
    }
  })

  test('leave the objects of this process alone', async () => {
    await mistakesIn('{ "__proto__": { "polluted": 1 }, "constructor": { "prototype": { "polluted": 1 } } }')
    await mistakesIn('__proto__: { polluted: 1 }\n', {}, '/lab.yaml')
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined()
  })
})

const odd = [
  '../../etc/passwd',
  '/etc/passwd',
  '..',
  '.',
  '-x',
  'a/b',
  'a\0b',
  'a\nb',
  '\x1b[31m',
  'a\x9b31m',
  '\u202egnp',
  '',
]

describe.each(odd)('the name %j', (name) => {
  test.each([
    ['id', { id: name, uses: 'netns', with: { netns: 'a' } }],
    ['netns', { id: 'a', uses: 'netns', with: { netns: name } }],
    ['uses', { id: 'a', uses: name, with: {} }],
  ])('is refused as %s, and not printed raw', async (_, step) => {
    const told = (await mistakesIn(JSON.stringify({ name: 'lab', steps: [step] }))).join('\n')
    expect(told).toMatch(/^lab\.json:1:\d+ \/steps\/0/)
    expect(told).toBe(printable(told))
  })
  test('names no run', () => {
    if (name.includes('\0')) return // no argument of a process has one
    for (const verb of ['show', 'undo', 'log', 'resume']) {
      const { status, stderr } = nsnet(verb, '--state-dir', join(dir, 'state'), '--', name)
      expect(status).toBe(64)
      expect(stderr).toBe(printable(stderr))
      expect(stderr).toContain('expected a run, found none')
    }
  })
})

describe('a plugin', () => {
  test.each([
    '/tmp/evil.mjs',
    'file:///tmp/evil.mjs',
    'data:text/javascript,process.stdout.write("loaded")',
    'node:fs',
    './a/..',
    '../',
    'a\0.mjs',
    'a\x1b.mjs',
    '',
    '..',
    '.',
  ])('%j is refused with its place, and not loaded', (plugin) => {
    mkdirSync(join(dir, 'inner'), { recursive: true })
    fileOf('evil.mjs', 'process.stdout.write("loaded")')
    const path = fileOf('inner/w.json', { name: 'w', plugins: [plugin], steps: [] })
    const { status, stdout, stderr } = nsnet('validate', path)
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' })
    expect(stderr).toMatch(/w\.json:1:24 \/plugins\/0: expected a file relative to this one, such as /)
  })
  test('of another folder is loaded, as its author says: loading a plugin runs its code', () => {
    mkdirSync(join(dir, 'inner'), { recursive: true })
    fileOf('shared.mjs', 'export default []')
    const path = fileOf('inner/w.json', { name: 'w', plugins: ['../shared.mjs', 'a/../../shared.mjs'], steps: [] })
    expect(nsnet('validate', path)).toMatchObject({ status: 0 })
  })
  test.each(['fs', 'nsnet-\u202e', 'no such package', '@a/b/../../../../../etc/none', 'n'.repeat(4000), '%2e%2e/evil'])(
    '%j is no package, and what is told of it is not printed raw',
    (plugin) => {
      const path = fileOf('inner/w.json', { name: 'w', plugins: [plugin], steps: [] })
      const { status, stderr } = nsnet('validate', path)
      expect({ status, raw: stderr }).toEqual({ status: 65, raw: printable(stderr) })
      expect(stderr).toMatch(/^nsnet: w\.json:1:24 \/plugins\/0: expected (the file of )?a plugin/)
    },
  )
  test('in a directory below is loaded, also where a name has two dots', () => {
    mkdirSync(join(dir, 'inner/a..b'), { recursive: true })
    fileOf('inner/a..b/p.mjs', 'export default []')
    const path = fileOf('inner/w.json', { name: 'w', plugins: ['a..b/p.mjs', './a..b/p.mjs'], steps: [] })
    expect(nsnet('validate', path)).toMatchObject({ status: 0 })
  })
})

/** A plugin that says what a terminal obeys, wherever it may say something. */
const rude = `const esc = '\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\u202e'
export default { type: 'rude', summary: esc,
  input: { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } },
  resources: () => ({}), outputs: { summary: () => esc },
  probe: () => ({ argv: ['cat', '/run/nsnet/rude'], okExits: [0, 1] }),
  observe: ({ stdout }) => ({ stdout }),
  plan: ({ fails }, { stdout }) => stdout.includes('x') && !fails ? { apply: [], undo: [] } : {
    apply: [{ argv: ['sh', '-c', fails ? 'printf "\\\\033[2J\\\\007" >&2; exit 3' : 'echo x > /run/nsnet/rude', esc] }],
    undo: [{ argv: ['sh', '-c', 'rm -f /run/nsnet/rude', esc] }] },
}`

const rudeStep = (id: string, fails: boolean) => ({ id, uses: 'rude', name: '\x1b[2J', with: { fails } })

test('no control character of a plugin or a workflow reaches the screen', async () => {
  const world = await sandboxed()
  fileOf('rude.mjs', rude)
  const path = fileOf('\x1b[35mrude.json', {
    name: 'rude \u202e',
    description: '\x1b[2J',
    inputs: { 'in-put': { default: '\x1b[2J' } },
    plugins: ['./rude.mjs'],
    steps: [rudeStep('a', false), rudeStep('b', true)],
  })
  const seen: string[] = []
  for (const args of [
    ['validate', path],
    ['validate', path, '--json'],
    ['run', path, '-v'],
    ['list'],
    ['show', 'last', '-v'],
    ['show', 'last', '--json'],
    ['log', 'last'],
    ['log', 'last', '--json'],
    ['resume', 'last'],
    ['undo', 'last', '-v'],
    ['show', '\x1b[2J'],
    ['validate', path, '--set', '\x1b[2J=\x9b'],
    ['validate', '--\x1b[2J'],
  ]) {
    for (const color of ['never', 'always']) {
      const { stdout, stderr } = await world.nsnet(...args, '--color', color)
      seen.push(stdout, stderr)
      const shown = `${stdout}${stderr}`.replace(color === 'always' ? /\x1b\[(?:1|2|22|3[1-6]|39)m/g : /(?!)/, '')
      expect(shown, `nsnet ${args.join(' ')}`).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
    }
  }
  expect(seen.join('')).toContain('\\x1b[2J')
  expect(seen.join('')).toContain('\\u202e')
})

test('what is going on is shown without control characters too', () => {
  const told = { doing: 'wait', step: 'a', attempt: 1, leftMs: 1000, message: '\x1b[2J\x07' } as const
  const last = { doing: 'run', step: 'a', command: { argv: ['sh', '-c', '\x1b[2J', '\x9b'] } } as const
  const current = { run: begin(started('a')), step: 'a', since: 0, last }
  const screen: Screen = { paint: (_, text) => text, columns: () => 80 }
  const lines = [
    liveLine(screen, current, 0),
    liveLine(screen, { ...current, waits: { told, at: 0 } }, 0),
    ...table([['\x1b[2J', 'a\nb', '\u202e']]),
  ]
  expect(lines.join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/)
})
