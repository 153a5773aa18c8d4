import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { expectGolden } from '../support/golden.ts'
import { sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-cli-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const nsnet = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['dist/nsnet.js', ...args, '--state-dir', join(dir, 'state')], { encoding: 'utf8' })

function fileOf(name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

const lab = fileOf(
  'lab.json',
  '{ "name": "lab", "inputs": { "n": { "default": "blue" } }, "steps": [{ "id": "a", "uses": "netns", "with": { "netns": "${{ inputs.n }}" } }] }',
)

describe('exit codes', () => {
  test.each([
    [0, ['--help']],
    [0, ['list']],
    [64, ['nonsense']],
    [64, ['run']],
    [64, ['run', lab, '--nonsense']],
    [64, ['run', lab, '--set', 'n']],
    [64, ['run', lab, '--on-failure', 'explode']],
    [64, ['show', 'nothing']],
    [64, ['undo']],
    [64, ['resume']],
    [65, ['validate', join(dir, 'none.json')]],
    [65, ['validate', fileOf('bad.json', '{ "name": "bad" }')]],
    [65, ['validate', lab, '--set', 'm=1']],
  ])('%i: nsnet %j', (code, args) => {
    const { status, stderr } = nsnet(...args)
    expect({ status, stack: /\n {4}at /.test(stderr) }).toEqual({ status: code, stack: false })
  })
})

test.each([[['run', 'lab.json']], [['run', lab]], [['doctor']]])(
  'a working directory that was deleted is told as such: nsnet %j',
  (args) => {
    const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"'
    const words = [process.execPath, join(process.cwd(), 'dist/nsnet.js'), ...args, '--state-dir', join(dir, 'state')]
    const ended = spawnSync('sh', ['-c', script, 'sh', join(dir, 'gone'), ...words], { encoding: 'utf8' })
    expect({ status: ended.status, stderr: ended.stderr }).toEqual({
      status: 64,
      stderr:
        'nsnet: expected a working directory, the one that nsnet was started in is not there any more\n' +
        '  go to one that is there (cd /), and type it again\n',
    })
    expect(nsnet('list').stdout).toContain('no runs yet')
  },
)

describe('a command line that is none is refused in the words of nsnet', () => {
  test.each([
    [['lsit'], 'expected a verb, got "lsit"', 'did you mean "list"?'],
    [['no-such-verb'], 'expected a verb, got "no-such-verb"', 'nsnet --help lists them'],
    [[lab], `expected a verb, got "${lab}"`, `type: nsnet run ${lab}`],
    [['help', 'lsit'], 'expected a verb, got "lsit"', 'did you mean "list"?'],
    [['help', 'list', 'x'], 'expected nothing behind nsnet help [COMMAND], got "x"', 'see: nsnet help --help'],
    [['--jsn', 'list'], 'expected an option of nsnet, got "--jsn"', 'did you mean "--json"?'],
    [['list', '--jsn'], 'expected an option of nsnet list, got "--jsn"', 'did you mean "--json"?'],
    [['list', "--it's"], 'expected an option of nsnet list, got "--it\'s"', 'see: nsnet list --help'],
    [['run'], 'expected FILE, got nothing', 'type: nsnet run FILE'],
    [
      ['with', lab, 'npm', '--version'],
      'expected an option of nsnet with, got "--version"',
      'if it is an option of COMMAND, put -- before COMMAND; see: nsnet with --help',
    ],
    [['run', lab, 'b'], 'expected nothing behind nsnet run FILE, got "b"', 'see: nsnet run --help'],
    [['list', '--state-dir'], 'expected a value: --state-dir DIR, got nothing', 'see: nsnet list --help'],
    [
      ['run', lab, '--on-failure', 'undoo'],
      'expected --on-failure WHAT, one of stop, undo, got "undoo"',
      'did you mean "undo"?',
    ],
    [['completion', 'fihs'], 'expected SHELL, one of bash, zsh, fish, got "fihs"', 'did you mean "fish"?'],
    [['--state-dir', dir], `expected a verb behind --state-dir ${dir}, got nothing`, 'nsnet --help lists them'],
  ])('%j', (args, message, hint) => {
    const plain = spawnSync(process.execPath, ['dist/nsnet.js', ...args], { encoding: 'utf8' })
    expect(plain).toMatchObject({ status: 64, stdout: '', stderr: `nsnet: ${message}\n  ${hint}\n` })
    const json = spawnSync(process.execPath, ['dist/nsnet.js', '--json', ...args], { encoding: 'utf8' })
    expect(json).toMatchObject({ status: 64, stderr: '' })
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'USAGE' } })
  })
})

describe('options of every command stand before the verb too', () => {
  test.each([
    [['--json', 'validate', lab]],
    [['--color=never', '--json', '-qv', 'validate', lab]],
    [['--color', 'never', 'validate', '--json', lab]],
  ])('%j', (args) => expect(JSON.parse(nsnet(...args).stdout)).toMatchObject({ valid: true }))
  test('and what stands behind it counts', () => {
    const state = join(dir, 'never')
    expect(nsnet('--state-dir', state, 'list')).toMatchObject({ status: 0, stdout: expect.stringContaining('no runs') })
    expect(existsSync(state)).toBe(false)
  })
})

test('what cannot be read is named once', () => {
  const file = join(dir, 'none.json')
  for (const args of [
    ['validate', file],
    ['validate', lab, '--set-file', file],
    ['fingerprint', '--compare', file],
  ]) {
    const { stderr } = nsnet(...args)
    expect({ args, times: stderr.split(file).length - 1 }).toEqual({ args, times: 1 })
    expect(stderr).toMatch(/ENOENT: no such file or directory\n/)
  }
})

const inner = (inputs: object) => ({ id: 'i', uses: 'workflow', with: { file: './inner.json', inputs } })

test('of a file that is not there, one beside it with such a name is told', () => {
  for (const [name, near] of [
    ['lab', lab],
    ['lba.json', lab],
    ['nothing-alike.json', undefined],
  ] as const) {
    const { stderr } = nsnet('validate', join(dir, name))
    const hint = near === undefined ? 'name a file with a workflow, in JSON or YAML' : `did you mean ${near}?`
    expect({ name, hint: stderr.split('\n')[1] }).toEqual({ name, hint: `  ${hint}` })
  }
})

test('where there are no runs, that is said of each run that is asked for', () => {
  for (const args of [['show'], ['show', 'k7'], ['log', 'last']])
    expect(nsnet(...args)).toMatchObject({
      status: 64,
      stderr:
        'nsnet: expected a run, found none at all\n  a run with --sandbox goes with its sandbox; begin one with: nsnet run FILE\n',
    })
})

describe('validate', () => {
  test('says that nothing is wrong, and what it would run', () => {
    expect(JSON.parse(nsnet('validate', lab, '--json', '--set', 'n=green').stdout)).toMatchObject({
      valid: true,
      inputs: { n: 'green' },
      steps: [{ id: 'a', uses: 'netns', with: { netns: 'green' } }],
    })
  })
  test('needs no value of an input, secret ones included, also of a workflow in it; a run does', () => {
    const steps = [{ id: 'a', uses: 'netns', with: { netns: '${{ inputs.n }}' } }]
    fileOf('inner.json', JSON.stringify({ name: 'inner', inputs: { n: {}, key: { secret: true } }, steps }))
    const own = { n: {}, key: { secret: true }, list: { type: 'list' }, mtu: { type: 'integer', default: 1400 } }
    const open = (...more: readonly object[]) =>
      fileOf('open.json', JSON.stringify({ name: 'open', inputs: own, steps: [...more] }, null, 2))
    const each = { id: 'e', uses: 'netns', forEach: '${{ inputs.list }}', with: { netns: '${{ each }}' } }
    const given = { n: '${{ inputs.n }}', key: '${{ inputs.key }}' }
    const good = open(...steps, each, inner(given))
    expect(nsnet('validate', good)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /is valid: \d steps, inputs {"mtu":1400}\n {2}a run needs a value for the input "n" \(set it: --set n=VALUE\)\n {2}a run needs a value for the input "key" \(give it by --set-file FILE, or in the environment as NSNET_INPUT_key\)\n {2}.*"list"/,
      ),
    })
    expect(JSON.parse(nsnet('validate', good, '--json').stdout)).toMatchObject({ missing: ['n', 'key', 'list'] })
    expect(nsnet('validate', good, '--set', 'n=a/b')).toMatchObject({ status: 65 })
    for (const [wrong, message] of [
      [{ ...steps[0], with: { netns: '${{ inputs.m }}' } }, 'expected a name that inputs has, got inputs.m'],
      [{ ...steps[0], with: { netns: '${{ inputs.n }}', nme: 1 } }, 'expected a known field, got "nme"'],
      [inner({ n: '${{ inputs.n }}' }), 'expected the secret input "key", got nothing (add it'],
      [inner({ ...given, n: '-x' }), 'expected a netns name'],
    ] as const)
      expect(nsnet('validate', open(wrong))).toMatchObject({ status: 65, stderr: expect.stringContaining(message) })
    expect(nsnet('plan', good).stderr.split('got nothing')).toHaveLength(4)
  })
  test('takes inputs from a file', () => {
    const { stdout } = nsnet('validate', lab, '--json', '--set-file', fileOf('set.yaml', 'n: red\n'))
    expect(JSON.parse(stdout).inputs).toEqual({ n: 'red' })
  })
  test('tells programs of mistakes in JSON', () => {
    const { stdout } = nsnet('validate', lab, '--json', '--set', 'm=1')
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'WORKFLOW_INVALID',
      message: expect.stringContaining('"m"'),
    })
  })
})

/** A workflow with one step of a plugin. */
const using = (plugin: string): string =>
  fileOf(
    `${plugin}.json`,
    JSON.stringify({ name: 'p', plugins: [`./${plugin}`], steps: [{ id: 'a', uses: 'mine', with: {} }] }),
  )

describe('a plugin', () => {
  test.each([
    ['throws.js', 'throw new Error("no")', 'cannot be loaded: no'],
    ['number.js', 'export default 7', 'expected "export default" of a step or a list of steps, got number'],
    [
      'part.js',
      'export default { type: "mine", input: {} }',
      'expected the step\'s "resources" to be a function, got undefined',
    ],
    [
      'text.js',
      'export default { type: "mine", input: "" }',
      'expected the step\'s "input" to be an object, got string',
    ],
    [
      'twice.js',
      `export { default } from ${JSON.stringify(join(process.cwd(), 'dist/index.mjs'))}`,
      'cannot be loaded',
    ],
  ])('%s is refused with its file', (name, text, message) => {
    if (text !== undefined) fileOf(name, text)
    const { status, stderr } = nsnet('validate', using(name))
    expect(status).toBe(65)
    expect(stderr).toContain(`nsnet: ${name}.json:1:24 /plugins/0: ${join(dir, name)}`)
    expect(stderr).toContain(message)
  })
})

test('of two plugins with the same step type the second is refused', () => {
  const source =
    'const no = () => ({}); export default { type: "mine", input: { "~standard": { version: 1, vendor: "x", validate: (value) => ({ value }) } }, resources: no, probe: no, observe: no, plan: no }'
  const plugins = ['one.mjs', 'two.mjs']
    .map((name) => fileOf(name, source))
    .map((_, at) => `./${['one', 'two'][at]}.mjs`)
  const file = fileOf('both.json', JSON.stringify({ name: 'p', plugins, steps: [] }))
  const { status, stderr } = nsnet('validate', file)
  expect({ status, stderr }).toEqual({
    status: 65,
    stderr: expect.stringContaining(
      `both.json:1:36 /plugins/1: expected step types of different names, "mine" is defined by ${join(dir, 'one.mjs')} and again by ${join(dir, 'two.mjs')}`,
    ),
  })
})

describe('help', () => {
  test('fits 80 columns, has what is common to all verbs at its end, and no presets that say nothing', () => {
    const verbs = [...nsnet('--help').stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, verb]) => verb!)
    expect(verbs).toEqual(expect.arrayContaining(['run', 'show', 'log', 'undo', 'validate']))
    for (const args of [[], ...verbs.filter((verb) => !['nsnet', 'help'].includes(verb)).map((verb) => [verb])]) {
      const { stdout } = nsnet(...args, '--help')
      expect({ args, wide: stdout.split('\n').filter((line) => line.length > 80) }).toEqual({ args, wide: [] })
      expect({ args, stdout }).not.toEqual({ args, stdout: expect.stringMatching(/\(default|\(choices/) })
      const own = stdout.indexOf('\nOptions:\n')
      expect({ args, order: own < stdout.indexOf('Options of every command:') || args.length === 0 }).toEqual({
        args,
        order: true,
      })
    }
  })
  test('of a verb explains what it takes and has examples', async () => {
    const screens = ['run', 'show', 'undo'].map((verb) => nsnet(verb, '--help').stdout)
    await expectGolden('help.txt', screens.join('\n'))
  })
})

describe('a run', () => {
  test('says which rounds a step has, and what to run anew when it is undone', async () => {
    const world = await sandboxed()
    const rounds = join(dir, 'rounds.json')
    const step = { id: 'room', uses: 'netns', forEach: [1, 2], with: { netns: 'room${{ each }}' } }
    writeFileSync(rounds, JSON.stringify({ name: 'rounds', steps: [step] }))
    expect(await world.nsnet('run', rounds, '--id', 'rounds')).toMatchObject({ exitCode: 0 })
    expect(await world.nsnet('show', '--step', 'room')).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('  its rounds are room[1], room[2]\n'),
    })
    expect(await world.nsnet('undo', 'rounds')).toMatchObject({ exitCode: 0 })
    for (const verb of ['resume', 'repair'])
      expect(await world.nsnet(verb, 'rounds')).toMatchObject({
        exitCode: 64,
        stderr: expect.stringContaining(`  begin a new one: nsnet run ${rounds}\n`),
      })
  })

  test('is listed, shown and logged, for people and for programs', async () => {
    const world = await sandboxed()
    expect((await world.nsnet('list')).stdout).toContain('no runs yet')
    const { stderr, stdout } = await world.nsnet('run', lab, '-v')
    expect(stderr).toMatch(/\$ ip netns add blue {2}\(exit 0, [\d.]+ ms\)/)
    expect(stderr).toMatch(/✓ applied +a +[\d.]+ ms {2}ip netns add blue/)
    const id = /nsnet undo (\w+)/.exec(stdout)![1]!
    expect((await world.nsnet('list')).stdout).toMatch(new RegExp(`${id} +lab +completed +1/1`))
    expect(JSON.parse((await world.nsnet('list', '--json')).stdout)).toMatchObject([
      { id, state: 'completed', ours: 1 },
    ])
    expect((await world.nsnet('show', id.slice(0, 3), '-v')).stdout).toMatch(/undo +ip netns delete blue/)
    const shown = JSON.parse((await world.nsnet('show', 'last', '--json')).stdout)
    expect(shown).toMatchObject({
      run: id,
      status: 'completed',
      steps: [{ status: 'applied', before: { inode: null } }],
    })
    const events = (await world.nsnet('log', id, '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ seq, event }) => [seq, event.type])).toEqual([
      [1, 'RunStarted'],
      [2, 'StepPlanned'],
      [3, 'StepApplied'],
    ])
  })

  test('stays as it is when an undo --to has nothing to take back, and its journal too', async () => {
    const world = await sandboxed()
    const file = fileOf(
      'two.json',
      '{ "name": "two", "steps": [{ "id": "a", "uses": "netns", "with": { "netns": "a" } }, { "id": "up", "uses": "link", "with": { "netns": "a", "link": "lo", "state": "up" } }, { "id": "again", "uses": "link", "with": { "netns": "a", "link": "lo", "state": "up" } }] }',
    )
    await world.nsnet('run', file)
    const journal = async (): Promise<string> => (await world.nsnet('log', '--json')).stdout
    const before = await journal()
    for (const step of ['again', 'up']) {
      const { exitCode, stderr, stdout } = await world.nsnet('undo', '--to', step)
      expect({ exitCode, stderr, stdout }).toEqual({
        exitCode: 0,
        stderr: expect.stringMatching(
          new RegExp(`^nothing that run \\w+ made came after the step ${step}: there is nothing to undo\n$`),
        ),
        stdout: expect.stringMatching(/^completed: 2 applied, 1 satisfied/),
      })
    }
    expect(await journal()).toBe(before)
    expect((await world.nsnet('undo', '--to', 'a')).stderr).toMatch(/↶ undone +up/)
  })

  test('is shown as it stood after any event, with what an undo would meet now', async () => {
    const world = await sandboxed()
    const inside = fileOf(
      'inside.json',
      '{ "name": "inside", "steps": [{ "id": "up", "uses": "link", "with": { "netns": "blue", "link": "lo", "state": "up" } }] }',
    )
    await world.nsnet('run', lab)
    await world.nsnet('run', inside)
    const [second, first] = JSON.parse((await world.nsnet('list', '--json')).stdout) as readonly {
      readonly id: string
    }[]
    const { stdout } = await world.nsnet('show', first!.id)
    expect(stdout).toContain(
      `affected   run ${second!.id} (inside) works inside of it, and goes first: nsnet undo ${first!.id} --cascade`,
    )
    const past = JSON.parse((await world.nsnet('show', first!.id, '--at', '2', '--json')).stdout)
    expect(past).toMatchObject({
      status: 'running',
      seq: 2,
      past: { last: 3, event: { type: 'StepPlanned', step: 'a' } },
    })
    expect(past.steps).toMatchObject([{ status: 'planned' }])
    const text = (await world.nsnet('show', first!.id, '--at', '2', '--step', 'a')).stdout
    expect(text).toMatch(/^run \w+ of lab, the past: running after event 2 of 3\n/)
    expect(text).not.toMatch(/affected|step applied|take it back/)
    const one = JSON.parse((await world.nsnet('show', first!.id, '--step', 'a', '--json')).stdout)
    expect(one).toMatchObject({ run: first!.id, step: { status: 'applied' }, events: [{ seq: 2 }, { seq: 3 }] })
    for (const [args, message] of [
      [['--at', '0'], 'expected --at with the number of an event, from 1 to 3, got "0"'],
      [['--at', '4'], 'from 1 to 3, got "4"'],
      [['--at', 'x'], 'from 1 to 3, got "x"'],
      [['--step', 'b'], 'with a step of run'],
    ] as const) {
      const { exitCode, stderr } = await world.nsnet('show', first!.id, ...args)
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 64, stderr: expect.stringContaining(message) })
    }
  })

  test('ends with one result line with --quiet', async () => {
    const world = await sandboxed()
    const { stdout, stderr } = await world.nsnet('run', lab, '--quiet')
    expect({ stderr, result: stdout.split('\n')[0] }).toEqual({
      stderr: '',
      result: expect.stringMatching(/^completed: 1 applied, in /),
    })
  })

  test('tells of a run of the same work that was stopped, as long as there is one', async () => {
    const world = await sandboxed()
    const steps = [
      { id: 'a', uses: 'netns', with: { netns: 'red' } },
      { id: 'b', uses: 'link', with: { link: 'nowhere', state: 'up' } },
    ]
    const file = fileOf('stops.json', JSON.stringify({ name: 'stops', steps }))
    const told = async (): Promise<boolean> =>
      (await world.nsnet('run', file)).stderr.includes('of the same work was stopped; to go on with it: nsnet resume')
    expect(await told()).toBe(false)
    expect(await told()).toBe(true)
    for (const { id } of JSON.parse((await world.nsnet('list', '--json')).stdout).toReversed())
      expect(await world.nsnet('undo', id)).toMatchObject({ exitCode: 0 })
    expect(await told()).toBe(false)
  })

  test('keeps what somebody changed since, says so with exit code 2, and takes it back with --force', async () => {
    const world = await sandboxed()
    const file = fileOf(
      'sysctl.json',
      '{ "name": "s", "steps": [{ "id": "ttl", "uses": "sysctl", "with": { "key": "net.ipv4.ip_default_ttl", "value": 70 } }] }',
    )
    for (const [options, ttl, code] of [
      [[], '90', 2],
      [['--force'], '64', 0],
    ] as const) {
      await world.sh('sysctl -q -w net.ipv4.ip_default_ttl=64')
      expect(await world.nsnet('run', file)).toMatchObject({ exitCode: 0 })
      await world.sh('sysctl -q -w net.ipv4.ip_default_ttl=90')
      expect(await world.nsnet('undo', ...options)).toMatchObject({ exitCode: code })
      expect(await world.sh('sysctl -n net.ipv4.ip_default_ttl')).toBe(`${ttl}\n`)
    }
  })

  test('leaves a netns that somebody deleted and made anew', async () => {
    const world = await sandboxed()
    await world.nsnet('run', lab)
    await world.sh('ip netns delete blue')
    await world.sh('ip netns add blue')
    const { exitCode, stderr } = await world.nsnet('undo')
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('somebody replaced it since') })
    expect(await world.sh('ip netns list')).toBe('blue\n')
  })

  test('counts what is gone already as undone', async () => {
    const world = await sandboxed()
    await world.nsnet('run', 'workflows/internet.json')
    await world.sh('ip netns delete ns1')
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  })
})
