import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { NsnetError } from '../../core/errors.ts'
import { createJournal } from '../../journal/journal.ts'
import { openStore } from '../../journal/store.ts'
import { applied, planned, started } from '../support/events.ts'
import { sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-state-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

let count = 0
const newPlace = (): string => join(dir, `${count++}`)

const nsnet = (state: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, ['dist/nsnet.js', ...args, '--state-dir', state], { encoding: 'utf8', timeout: 30_000 })

/** Makes a state directory with the run `abc`, whose log and locks are there too. */
async function stateWithRun(): Promise<string> {
  const state = newPlace()
  const store = await openStore(state)
  const journal = await store.create('abc')
  await journal.append([{ ...started('a'), run: 'abc' }, planned('a'), applied('a')])
  await journal.close()
  await (await store.openLog('abc')).close()
  await (await store.lock({ ...started('a'), run: 'abc' }, 'test', false)).release()
  await (await store.turn('shared')).release()
  await store.list()
  return state
}

const modesOf = (state: string): readonly string[] =>
  execFileSync('find', [state, '-printf', '%y %m %P\n'], { encoding: 'utf8' }).trim().split('\n').toSorted()

test('everything in it is for its owner only, whatever the umask, and the umask of children stays', async () => {
  const world = await sandboxed()
  writeFileSync(
    join(dir, 'lab.json'),
    JSON.stringify({ name: 'lab', steps: [{ id: 'a', uses: 'netns', with: { netns: 'blue' } }] }),
  )
  const state = '/run/nsnet/own/open'
  const command = `umask 000; for it in run\\ ${dir}/lab.json list undo; do "$0" dist/nsnet.js $it --state-dir ${state} || exit; done`
  const { exitCode, stderr } = await world.exec({
    argv: ['env', 'NSNET_SANDBOX=1', 'sh', '-c', command, process.execPath],
  })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  const listed = await world.sh(`find ${state} -printf %y-%m-%f\\n`)
  const modes = new Set(
    listed
      .split('\n')
      .filter(Boolean)
      .map((line) => line.slice(0, 5)),
  )
  expect(modes).toEqual(new Set(['d-700', 'f-600']))
  for (const name of ['.jsonl', '.log', '.lock', 'index.json', 'turn']) expect(listed).toContain(name)
})

test('files that somebody opened to others are closed again', async () => {
  const state = await stateWithRun()
  for (const file of ['index.json', 'index.lock', 'locks/turn', 'runs/abc.jsonl']) chmodSync(join(state, file), 0o666)
  await (await openStore(state)).turn('shared')
  writeFileSync(join(state, 'index.json'), '')
  nsnet(state, 'list')
  expect(modesOf(state).filter((line) => !/^[df] [67]00/.test(line))).toEqual([])
})

/** What somebody may put in the place of a file. */
const planted: readonly (readonly [string, (path: string, target: string) => void])[] = [
  ['a symbolic link', (path, target) => symlinkSync(target, path)],
  ['a dangling link', (path) => symlinkSync(newPlace(), path)],
  ['a pipe', (path) => execFileSync('mkfifo', [path])],
  ['a directory', (path) => mkdirSync(path)],
]

test.each(planted)('%s in the place of a file is not followed, and refused or replaced', async (_, plant) => {
  for (const file of ['index.json', 'index.json.new', 'index.lock', 'runs/abc.jsonl', 'runs/abc.log', 'locks/turn']) {
    const state = await stateWithRun()
    const target = newPlace()
    writeFileSync(target, 'untouched')
    const before = readdirSync(dir)
    rmSync(join(state, file), { force: true })
    plant(join(state, file), target)
    const store = await openStore(state)
    const outcome = await Promise.allSettled([
      store.list(),
      store.open('abc'),
      store.openLog('abc'),
      store.turn('shared'),
    ])
    const refusals = outcome.flatMap((it) => (it.status === 'rejected' ? [it.reason as NsnetError] : []))
    const odd = refusals.filter(({ code, hint }) => !/^(STATE_DIR|JOURNAL)_UN/.test(code) || !hint)
    expect({ file, odd }).toEqual({ file, odd: [] })
    expect(readFileSync(target, 'utf8')).toBe('untouched')
    const made = readdirSync(dir).filter((name) => !before.includes(name))
    expect({ file, made }).toEqual({ file, made: [] })
  }
})

test('the index is made anew where a link is', async () => {
  const state = await stateWithRun()
  const target = newPlace()
  writeFileSync(target, '{"version":1,"rows":{}}')
  rmSync(join(state, 'index.json'))
  symlinkSync(target, join(state, 'index.json'))
  expect(nsnet(state, 'list').stdout).toContain('abc')
  expect(lstatSync(join(state, 'index.json')).isFile()).toBe(true)
  expect(readFileSync(target, 'utf8')).toBe('{"version":1,"rows":{}}')
})

test('the index is not believed when it names another run or holds what is none', async () => {
  const state = await stateWithRun()
  const before = nsnet(state, 'list', '--json').stdout
  const path = join(state, 'index.json')
  const index = readFileSync(path, 'utf8')
  for (const forged of [index.replace('"id":"abc"', '"id":"../../abc"'), index.replace('"steps":1', '"steps":[]')]) {
    expect(forged).not.toBe(index)
    writeFileSync(path, forged)
    expect(nsnet(state, 'list', '--json').stdout).toBe(before)
  }
})

test('a directory in it that is a link is refused, and what to do is said', async () => {
  for (const name of ['runs', 'locks']) {
    const state = await stateWithRun()
    rmSync(join(state, name), { recursive: true })
    symlinkSync(dir, join(state, name))
    const { status, stderr } = nsnet(state, 'list')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining(
        `${name}: expected a directory that is no symbolic link\n  name another directory`,
      ),
    })
  }
})

test('a directory that others can write to is refused, and how to close it is said', async () => {
  const state = await stateWithRun()
  for (const [path, mode] of [
    [state, 0o777],
    [join(state, 'runs'), 0o770],
    [join(state, 'locks'), 0o702],
  ] as const) {
    chmodSync(path, mode)
    const { status, stderr } = nsnet(state, 'list')
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(`close it: chmod 700 ${path}`) })
    execFileSync('chmod', ['700', path])
  }
  expect(nsnet(state, 'list').status).toBe(0)
})

test.runIf(process.getuid?.() === 0)('a directory of another user is refused, also by root', async () => {
  for (const name of ['', 'runs', 'locks']) {
    const state = await stateWithRun()
    chownSync(join(state, name), 65_534, 65_534)
    const { status, stderr } = nsnet(state, 'list')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/belongs to the user with the id 65534\n {2}name another/),
    })
  }
})

test('a journal is never begun in the place of a file that is there', async () => {
  const state = await stateWithRun()
  const path = join(state, 'runs/abc.jsonl')
  const before = readFileSync(path)
  await expect(createJournal(path)).rejects.toMatchObject({ code: 'USAGE' })
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})
