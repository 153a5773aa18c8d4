import { Command } from 'commander'
import fc from 'fast-check'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proposalsFor } from '../../cli/completion/answer.ts'
import { bootOf } from '../../library/facts.ts'
import { program } from '../../cli/program.ts'
import type { RunEvent } from '../../core/events.ts'
import { createJournal } from '../../journal/journal.ts'
import { applied, planned, started } from '../support/events.ts'
import { has } from '../support/kernel.ts'
import { measured } from '../support/measured.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-completion-'))
const state = join(dir, 'state')
const lab = join(dir, 'lab.json')
const command = resolve('dist/nsnet.js')
const env = { ...process.env, NSNET_STATE_DIR: state, HOME: dir, XDG_CONFIG_HOME: dir, TERM: 'dumb', COLUMNS: '80' }
afterAll(() => rmSync(dir, { recursive: true, force: true }))

beforeAll(async () => {
  for (const path of [state, join(state, 'runs')]) mkdirSync(path, { mode: 0o700 })
  await journalOf('aaaa2222', started('one', 'two', 'room[red]'), planned('one'), applied('one'))
  await journalOf('bbbb3333', started('three'), planned('three'), applied('three'))
  const inputs = {
    prefix: { default: '10.0.0.0/24', description: 'network\tof\nthe cable' },
    fast: { type: 'boolean', description: 'no waiting' },
    key: { secret: true },
    names: { type: 'list', default: ['a', 'b'], description: 'rooms' },
    odd: { default: '$(touch /tmp/x) `id`' },
  }
  const steps = [
    { id: 'blue', uses: 'netns', name: 'A netns', with: { netns: 'blue' } },
    { id: 'half' },
    { id: 'many', uses: 'netns', forEach: [1] },
  ]
  writeFileSync(lab, JSON.stringify({ name: 'lab', inputs, steps }))
  writeFileSync(join(dir, 'lab.yaml'), 'name: lab\ninputs:\n  speed: { type: integer, default: 7 }\nsteps: []\n')
  writeFileSync(join(dir, 'broken.json'), '{ "name": ')
})

async function journalOf(id: string, first: RunEvent, ...events: readonly RunEvent[]): Promise<void> {
  const begin = first as ReturnType<typeof started>
  const journal = await createJournal(join(state, 'runs', `${id}.jsonl`))
  await journal.append([{ ...begin, run: id, facts: { ...begin.facts, boot: bootOf() } }, ...events])
  await journal.close()
}

const nsnet = program(() => undefined, undefined)

const validate = `validate\t${nsnet.commands.find((verb) => verb.name() === 'validate')!.description()}`

/** What is proposed for a command line, the cursor at its end. */
const proposed = (...words: readonly string[]) => proposalsFor(nsnet, words)

/** The same, without what the words are. */
const words = async (...line: readonly string[]): Promise<readonly string[]> =>
  (await proposed(...line)).map((each) => each.split('\t')[0]!)

describe('nsnet proposes', () => {
  test('verbs, as its help lists them', async () => {
    const verbs = nsnet.commands.map((verb) => verb.name()).filter((name) => !name.startsWith('unit-'))
    expect(await words('')).toEqual([...verbs, ':none'])
    expect(await proposed('val')).toEqual([validate, ':none'])
    expect(await words('help', 'und')).toEqual(['undo', ':none'])
    expect(await proposed('nonsense', '')).toEqual([':none'])
  })
  test('options, each once unless it may be repeated', async () => {
    const free = await words('run', lab, '--set', 'a=1', '--wait', '--')
    expect(free).toContain('--set')
    expect(free).toContain('--json')
    expect(free).not.toContain('--wait')
    expect(await words('run', lab, '--', '--')).toEqual([':none'])
    expect(await words('sandbox', 'ip', '-')).toEqual([':none'])
  })
  test('choices, behind a blank and behind "="', async () => {
    expect(await words('run', '--on-failure', '')).toEqual(['stop', 'undo', ':none'])
    expect(await words('run', '--on-failure=u')).toEqual(['--on-failure=undo', ':none'])
    expect(await words('completion', 'f')).toEqual(['fish', ':none'])
    expect(await words('new', '')).toEqual(['step', 'workflow', ':none'])
    expect(await words('new', 'workflow', '--kind', 'c')).toEqual(['cable', ':none'])
  })
  test('runs with workflow and state, the latest first', async () => {
    expect(await proposed('undo', '--state-dir', state, '')).toEqual([
      'bbbb3333\ttest, completed',
      'aaaa2222\ttest, interrupted',
      'last\tthe latest run',
      ':none',
    ])
    expect(await words('show', `--state-dir=${state}`, 'aa')).toEqual(['aaaa2222', ':none'])
    expect(await words('--state-dir', state, 'show', 'aa')).toEqual(['aaaa2222', ':none'])
    expect(await proposed('--json', '--state-dir', state, 'val')).toEqual([validate, ':none'])
  })
  test('steps of the run that the line names, else of the latest', async () => {
    expect(await proposed('undo', 'aaaa', '--state-dir', state, '--to', '')).toEqual([
      'one\tnetns',
      'two\tnetns',
      'room[red]\tnetns',
      ':none',
    ])
    expect(await words('undo', '--state-dir', state, '--to=')).toEqual(['--to=three', ':none'])
    expect(await words('undo', 'cccc', '--state-dir', state, '--to', '')).toEqual([':none'])
  })
  test('inputs of the workflow file that the line names, and their values', async () => {
    expect(await proposed('run', lab, '--set', '')).toEqual([
      'prefix=\tnetwork of the cable (else 10.0.0.0/24)',
      'fast=\tno waiting (has to be set)',
      'names=\trooms (else ["a","b"])',
      'odd=\telse $(touch /tmp/x) `id`',
      ':none',
    ])
    expect(await words('run', lab, '--set', 'fast=')).toEqual(['fast=true', 'fast=false', ':none'])
    expect(await words('run', lab, '--set', 'prefix=1')).toEqual(['prefix=10.0.0.0/24', ':none'])
    expect(await words('run', lab, '--set', 'odd='), 'nothing that a shell would evaluate').toEqual([':none'])
    expect(await words('run', join(dir, 'lab.yaml'), '--set', '')).toEqual(['speed=', ':none'])
  })
  test('step types, files and directories', async () => {
    expect(await words('steps', 've')).toEqual(['veth', ':none'])
    expect(await words('run', 'x')).toEqual([':files json yaml yml'])
    expect(await words('steps', '--workflow', '')).toEqual([':files json yaml yml'])
    expect(await words('run', '--set-file', '')).toEqual([':files'])
    expect(await words('list', '--state-dir', '')).toEqual([':dirs'])
    expect(await words('sandbox', 'sleep')).toContain('sleep')
  })
  test('the same for a verb that is only just defined', async () => {
    const other = new Command('nsnet')
    other.command('graph').argument('<FILE|RUN>').option('--step <ID>', 'one step').option('--state-dir <DIR>')
    const graph = (...line: readonly string[]) => proposalsFor(other, ['graph', '--state-dir', state, ...line])
    expect(await graph('b')).toEqual(['bbbb3333\ttest, completed', ':files json yaml yml'])
    expect(await graph('aaaa', '--step', '')).toEqual(['one\tnetns', 'two\tnetns', 'room[red]\tnetns', ':none'])
    expect(await graph(lab, '--step', '')).toEqual(['blue\tA netns', 'half\t', ':none'])
  })
})

describe('nsnet proposes nothing, and says nothing,', () => {
  test.each([
    ['for a broken workflow', ['run', join(dir, 'broken.json'), '--set', '']],
    ['for a file that is none', ['run', dir, '--set', '']],
    ['where there are no runs, and makes no directory for them', ['show', '--state-dir', join(dir, 'none'), '']],
    ['where the directory of runs cannot be one', ['show', '--state-dir', '/proc/self', '']],
    ['without a word', []],
  ])('%s', (_, line) => {
    const { status, stdout, stderr } = measured('__complete', '--', ...line)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(line.length === 0 ? /^run\t/ : /^:none\n$/)
    expect(existsSync(join(dir, 'none'))).toBe(false)
  })
  test('of a broken journal but that it is broken', async () => {
    const path = join(state, 'runs', 'dddd4444.jsonl')
    writeFileSync(path, 'nonsense\n')
    expect(await proposed('show', '--state-dir', state, 'd')).toEqual(['dddd4444\t?, broken journal', ':none'])
    expect(await proposed('undo', 'dddd4444', '--state-dir', state, '--to', '')).toEqual([':none'])
    rmSync(path)
  })
  test('that is no answer, whatever the words', async () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('undo', 'run', '--to', '--set', '--', '-', lab, '--state-dir', state),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(word), async (line) => {
        const answer = await proposed(...line)
        expect(answer.at(-1)).toMatch(/^:(none|dirs|files( json yaml yml)?)$/)
        expect(answer.slice(0, -1).filter((it) => !/^[\w@%+=:,./[\]-]+\t[^\x00-\x1f\x7f]*$/.test(it))).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})

const least = (...args: readonly string[]): number => Math.min(...[1, 2, 3].map(() => measured(...args).seconds))

test('an answer costs little more than the start of nsnet', () => {
  const start = least('--version')
  expect(least('__complete', '--', 'ru')).toBeLessThan(start * 1.5 + 0.05)
  expect(least('__complete', '--', 'show', '--state-dir', state, '')).toBeLessThan(start * 3 + 0.1)
})

/** Writes the script that a shell loads, and tells where. */
function scriptOf(shell: string): string {
  const path = join(dir, `script.${shell}`)
  writeFileSync(path, execFileSync(process.execPath, [command, 'completion', shell]))
  return path
}

/** Runs lines in a shell, beside the workflow files. */
function runIn(shell: string, flag: string, ...lines: readonly string[]): string {
  const path = join(dir, `lines.${shell}`)
  writeFileSync(path, [`cd ${dir}`, `source ${scriptOf(shell)}`, ...lines].join('\n'))
  const { stdout, stderr, status } = spawnSync(shell, [flag, path], { env, encoding: 'utf8', timeout: 50_000 })
  expect({ shell, status, stderr }).toEqual({ shell, status: 0, stderr: '' })
  return stdout.trimEnd()
}

/** The line of bash that completes a command line, cut into words as readline does, and prints what it may become. */
function completing(line: string, type = 9): string {
  const cut = line.split(/\s+|([=:])/).filter((part) => part !== undefined)
  const quoted = cut.map((word) => `'${word}'`).join(' ')
  const place = `COMP_LINE='${line}' COMP_POINT=${line.length} COMP_TYPE=${type} COMP_CWORD=${cut.length - 1}`
  return `${place} COMP_WORDS=(${quoted}); _nsnet; (IFS='|'; echo "\${COMPREPLY[*]}")`
}

describe('bash', () => {
  test('completes verbs, values behind "=", runs, files and directories', () => {
    const table = {
      'nsnet va': 'validate',
      'nsnet run --on-failure=': 'stop|undo',
      'nsnet undo ': 'bbbb3333|aaaa2222|last',
      'nsnet undo aaaa --to ': 'one|two|room\\[red\\]',
      'nsnet show aaaa --step "r': 'room[red]',
      'nsnet run lab': 'lab.json|lab.yaml',
      'nsnet run lab.json --set f': 'fast=',
      'nsnet run lab.json --set fast=t': 'true',
      'nsnet list --state-dir st': 'state',
      [`node ${command} ste`]: 'steps',
      'node oth': '',
    }
    const done = runIn('bash', '--norc', ...Object.keys(table).map((line) => completing(line)), 'echo end')
    expect(done.split('\n')).toEqual([...Object.values(table), 'end'])
  })
  test('lists what each word is, where it only lists', () => {
    expect(runIn('bash', '--norc', completing('nsnet undo ', 63)).split('|')[1]).toMatch(
      /^aaaa2222 +test, interrupted$/,
    )
  })
  test('leaves node to others who complete it', () => {
    const lines = ['complete -W "a b" node', `source ${scriptOf('bash')}`, 'complete -p node', 'complete -p nsnet']
    expect(runIn('bash', '--norc', 'complete -r node', ...lines)).toBe(
      "complete -W 'a b' node\ncomplete -F _nsnet nsnet",
    )
  })
  test('evaluates no word of the line', () => {
    const evil = '$(touch pwned) `touch pwned`'
    runIn('bash', '--norc', completing(`nsnet run ${evil} `), completing(`nsnet ${evil}`))
    expect(readdirSync(dir)).not.toContain('pwned')
  })
})

describe.skipIf(!has('fish'))('fish', () => {
  test('completes verbs, runs, files, values behind "=", and nsnet as a script of node', () => {
    const table = {
      'nsnet va': validate,
      'nsnet undo ': 'bbbb3333\ttest, completed\naaaa2222\ttest, interrupted\nlast\tthe latest run',
      'nsnet run lab': 'lab.json\nlab.yaml',
      'nsnet run --on-failure=': '--on-failure=stop\n--on-failure=undo',
      'nsnet list --state-dir=st': '--state-dir=state/',
      [`node ${command} va`]: validate,
    }
    const lines = Object.keys(table).flatMap((line) => [`complete -C '${line}'`, 'echo'])
    expect(runIn('fish', '--no-config', ...lines).split('\n\n')).toEqual(Object.values(table))
  })
})

/** Types at a shell on a terminal of its own, each line once the one before has been answered; gives what the screen got. */
async function typed(argv: string, ...lines: readonly (readonly [keys: string, answer: RegExp])[]): Promise<string> {
  const child = spawn('script', ['--quiet', '--return', '--command', argv, '/dev/null'], {
    env,
    cwd: dir,
    stdio: 'pipe',
  })
  let screen = ''
  child.stdout.on('data', (bytes: Buffer) => (screen += String(bytes)))
  try {
    for (const [keys, answer] of lines) {
      const from = screen.length
      child.stdin.write(keys)
      await expect.poll(() => screen.slice(from), { timeout: 20_000 }).toMatch(answer)
    }
    return screen
  } finally {
    child.kill('SIGKILL')
  }
}

/** Loads nsnet's script; nsnet itself only tells how it is called, an alias is the real one. */
const load = (shell: string): readonly [string, RegExp] => [
  `source ${scriptOf(shell)}; nsnet() { echo "ran:$*:"; }; alias other='node ${command}'; nsnet ready\r`,
  /ran:ready:/,
]
describe.skipIf(!has('script'))('at a terminal', () => {
  const lines = [
    ['nsnet und\taa\t--to\tt\t\r', /ran:undo aaaa2222 --to two:/],
    ['nsnet show aa\t--step r\t\r', /ran:show aaaa2222 --step room\[red\]:/],
    ['nsnet run lab.j\t--set f\ttr\t--q\t\r', /ran:run lab\.json --set fast=true --quiet:/],
  ] as const

  test('bash inserts what fits', async () => {
    await typed('bash --norc --noprofile -i', load('bash'), ...lines)
  })
  test.skipIf(!has('zsh'))('zsh inserts what fits, for an alias too, and lists the rest with what it is', async () => {
    const screen = await typed(
      'zsh -f -i',
      load('zsh'),
      ...lines,
      ['other --vers\t\r', /\d+\.\d+\.\d+/],
      ['nsnet show \t', /last +-- the latest run/],
    )
    expect(screen).toMatch(/bbbb3333 +-- test, completed/)
  })
})
