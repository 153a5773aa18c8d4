import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { widthOf } from '../../cli/text.ts'
import { expectGolden, type Mask } from '../support/golden.ts'
import { paneOf } from '../support/pane.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { dir, stateDir } = workspace()

/** A step of each outcome, a command that is long, and a check that is refused again and again. */
const steps = [
  { id: 'blue', uses: 'netns', name: 'A netns', with: { netns: 'blue' } },
  { id: 'ttl', uses: 'sysctl', with: { key: 'net.ipv4.ip_default_ttl', value: 70 } },
  { id: 'held', uses: 'link', with: { link: 'lo', state: 'up' } },
  {
    id: 'nat',
    uses: 'iptables',
    with: { table: 'nat', chain: 'POSTROUTING', rule: '-s ${{ inputs.prefix }} -o enp1s0 -j MASQUERADE' },
  },
  { id: 'works', uses: 'check', with: { tcp: '127.0.0.1:9', within: 0.8, every: 0.3 } },
]

const inputs = { prefix: { default: '10.1.0.0/24' } }

/** Where the workflow is in every sandbox: paths are cut to what has room. */
const FILE = '/run/nsnet/own/lab.json'

async function worldWithFile(content: object): Promise<Sandboxed> {
  const world = await sandboxed()
  const path = join(dir, 'lab.json')
  writeFileSync(path, JSON.stringify(content, null, 2))
  await world.sh(`cp ${path} ${FILE}`)
  return world
}

/** What nsnet writes to a terminal with some columns. */
async function onTerminal(world: Sandboxed, columns: number, args: string, env = ''): Promise<string> {
  const line = `stty cols ${columns} rows 50; exec env NSNET_SANDBOX=1 NSNET_STATE_DIR=/run/nsnet/own/state TERM=xterm ${env} ${process.execPath} dist/nsnet.js ${args}`
  return (await world.exec({ argv: ['script', '-qec', line, '/dev/null'] })).stdout.replaceAll('\r\n', '\n')
}

const shownOn = async (...args: Parameters<typeof onTerminal>): Promise<string> =>
  paneOf(await onTerminal(...args), args[1]).join('\n')

const masksFor = (id: string): readonly Mask[] => [
  [new RegExp(id, 'g'), 'runrunru'],
  [/\d\d:\d\d:\d\d\b(\.\d{3})?/g, 'HH:MM:SS'],
  [/ +\+\d+\.\d{3}s/g, '  +SINCE'],
  [/\d{4}-\d\d-\d\d/g, 'DAY'],
  [/ *\d+ s ago */g, ' AGO '],
  [/STARTED +/g, 'STARTED '],
  [/made \d+\.\d+|inode \d+/g, 'ID'],
]

const tooWide = (screen: string, columns: number): readonly string[] =>
  screen.split('\n').filter((line) => widthOf(line) > columns)

/** Waits in a shell until something is shown on the terminal. */
const until = (shown: string): string => `until grep -q '${shown}' /run/shown; do sleep 0.02; done`

describe('on a terminal of 80 columns', () => {
  test('a run, what is shown of it and of its past, its log, and its undo', { timeout: 180_000 }, async () => {
    const world = await worldWithFile({ name: 'lab', inputs, steps })
    await world.sh('ip link set lo up')
    const raw = await onTerminal(world, 80, `run ${FILE}`)
    // the check waits for more than the clock's tick: its line was there, and is gone
    expect(raw.replaceAll(/\x1b\[\d+m/g, '')).toMatch(
      /… works {2}\[5\/5\] {2}\d\.\d s {2}attempt \d, 1 s left: 127\.0\.0\.1:9 cannot be reached/,
    )
    const id = /nsnet resume (\w+)/.exec(raw)![1]!
    const screens = { run: paneOf(raw, 80).join('\n') }
    const verbs = ['show', 'show --step nat', 'show --at 5', 'log', 'list', 'list -v', 'undo -y', 'show last']
    for (const args of verbs) Object.assign(screens, { [args]: await shownOn(world, 80, args) })
    const all = Object.entries(screens).map(([args, screen]) => `$ nsnet ${args}\n${screen}`)
    expect(tooWide(all.join('\n'), 80)).toEqual([])
    await expectGolden('screens.txt', all.join('\n'), masksFor(id))
  })

  test('Ctrl-C in the middle of a check takes its line away, and so does a second one', async () => {
    const refused = { ...steps[4]!, with: { tcp: '127.0.0.1:9', within: 60, every: 50 } }
    const silent = { ...refused, with: { ping: '198.51.100.77', count: 9, timeout: 1, within: 60 } }
    const key = "printf '\\003'"
    for (const [step, keys, last] of [
      [refused, `${until('attempt 1')}; ${key}`, /^ {2}stopped by SIGINT\ninterrupted: 1 pending, in/m],
      [silent, `${until('ping -n')}; ${key}; ${until('SIGINT: finishing')}; ${key}`, /SIGINT: finishing.*\n(\^C)?\n*$/],
    ] as const) {
      const world = await worldWithFile({ name: 'lab', steps: [step] })
      const line = `stty cols 80; exec env NSNET_STATE_DIR=/run/nsnet/own/state ${process.execPath} dist/nsnet.js run ${FILE}`
      const script = `: >/run/shown; (${keys}; ${until('^Script done')}) | TERM=xterm script -qefc '${line}' /run/shown >/dev/null
        grep -v '^Script ' /run/shown`
      const { stdout } = await world.exec({ argv: ['bash', '-c', script] })
      const pane = paneOf(stdout.replaceAll('\r\n', '\n'), 80).join('\n')
      expect(pane).toMatch(last)
      expect(pane).not.toContain('… works')
    }
  })
})

test('narrower terminals and wide characters: what is cut is cut to the width', async () => {
  const world = await worldWithFile({ name: '漢字の名前がとても長いワークフロー', inputs, steps: steps.slice(0, 4) })
  const run = paneOf(await onTerminal(world, 44, `run ${FILE}`), 44).filter((line) => /^ {2}[✓=✗] /.test(line))
  expect(run).toHaveLength(4)
  for (const args of ['list', 'log', 'show -v', 'show --at 2']) {
    const shown = (await onTerminal(world, 44, args)).split('\n')
    const wide = tooWide(shown.join('\n'), 44).filter((line) => !/create chain|nsnet show/.test(line))
    // what has no blank to be broken at stays whole
    expect({ args, wide: wide.filter((line) => line.split(' ').every((word) => widthOf(word) <= 27)) }).toEqual({
      args,
      wide: [],
    })
  }
  expect((await onTerminal(world, 30, 'list')).split('\n')[1]).toMatch(/^\w{8} {2}漢字の名前がとても…/)
})

describe('elsewhere', () => {
  test('lines are whole and plain; progress goes as it is asked for', async () => {
    const world = await worldWithFile({ name: 'lab', inputs, steps: steps.slice(0, 4) })
    const plain = await world.nsnet('run', FILE, '--progress', 'tty')
    expect(plain.stderr).toMatch(/applied +nat .* iptables-nft .*--comment nsnet:\w+\/nat:\w+\n/)
    const screens = [plain.stdout, plain.stderr]
    for (const args of [['show', '-v'], ['log'], ['list'], ['undo']]) screens.push((await world.nsnet(...args)).stdout)
    expect(screens.join('')).not.toContain('\x1b')
    expect(screens.join('')).not.toContain('…')
    expect((await world.nsnet('run', FILE, '--progress', 'none')).stderr).toBe('')
    const both = await world.nsnet('undo', '--json', '--progress', 'plain')
    expect(both.stderr).toMatch(/↶ undone +nat/)
    for (const line of both.stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ v: 1 })
  })

  test('programs get events and what is between them, a JSON text a line', async () => {
    const world = await worldWithFile({ name: 'lab', steps: [steps[0], steps[4]] })
    const { stderr, stdout } = await world.nsnet('run', FILE, '--progress', 'json')
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.flatMap(({ event }) => (event ? [event.type] : []))).toEqual([
      'RunStarted',
      'StepPlanned',
      'StepApplied',
      'StepFailed',
    ])
    const waits = lines.flatMap(({ progress }) => (progress?.doing === 'wait' ? [progress] : []))
    expect(waits[0]).toEqual({
      doing: 'wait',
      step: 'works',
      attempt: 1,
      leftMs: expect.any(Number),
      message: expect.stringContaining('127.0.0.1:9'),
    })
    expect(waits[0].leftMs).toBeLessThanOrEqual(800)
    expect(stdout).toMatch(/^failed: 1 applied, 1 failed/)
  })

  test('NO_COLOR takes the colours, TERM=dumb every escape sequence', async () => {
    const world = await worldWithFile({ name: 'lab', inputs, steps })
    const file = await onTerminal(world, 80, `run ${FILE}`, 'NO_COLOR=1')
    expect(file).not.toMatch(/\x1b\[\d+m/)
    expect(await onTerminal(world, 80, `show`)).toMatch(/\x1b\[32m✓ applied/)
    expect(await onTerminal(world, 80, `undo -y`, 'TERM=dumb')).not.toContain('\x1b')
  })
})

describe('who only looks', () => {
  test('leaves no state directory behind', () => {
    const state = join(stateDir(), 'none')
    for (const [args, code, said] of [
      [['list'], 0, 'no runs yet'],
      [['show'], 64, 'expected a run'],
      [['log', '-f'], 64, 'expected a run'],
      [['undo'], 64, 'expected a run to undo'],
      [['resume'], 64, 'expected a run that stopped'],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/nsnet.js', ...args, '--state-dir', state], {
        encoding: 'utf8',
      })
      expect({ args, status, said: stdout + stderr }).toEqual({
        args,
        status: code,
        said: expect.stringContaining(said),
      })
      expect(existsSync(state)).toBe(false)
    }
  })

  test('an undo that nobody agrees to says that nothing is undone', async () => {
    const world = await worldWithFile({ name: 'lab', steps: steps.slice(0, 1) })
    expect(await world.nsnet('run', FILE)).toMatchObject({ exitCode: 0 })
    const line = `exec env NSNET_STATE_DIR=/run/nsnet/own/state ${process.execPath} dist/nsnet.js undo`
    const script = `: >/run/shown; (${until('y/N')}; echo n; ${until('^Script done')}) | script -qefc '${line}' /run/shown >/dev/null
      cat /run/shown`
    const { stdout } = await world.exec({ argv: ['bash', '-c', script] })
    expect(stdout).toMatch(/undo 1 step of run \w+ \(lab\)\? \[y\/N\] [^]*\nnothing is undone\r\n/)
    expect(await world.sh('ip netns list')).toBe('blue\n')
  })
})
