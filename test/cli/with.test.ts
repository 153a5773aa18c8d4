import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { settle } from '../../core/wait.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { has } from '../support/kernel.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-with-'))
chmodSync(dir, 0o755)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const nsnet = resolve('dist/nsnet.js')
const fileOf = (name: string, ...steps: readonly object[]): string => fileWith(name, {}, steps)

function fileWith(name: string, fields: object, steps: readonly object[]): string {
  const path = join(dir, `${name}.json`)
  writeFileSync(path, JSON.stringify({ name, ...fields, steps }))
  return path
}
const blue = { id: 'the-blue', uses: 'netns', with: { netns: 'blue' } }
const outputs = { where: '${{ steps["the-blue"].outputs.netns }}', 'some-list': [1, 'two'] }
const good = fileWith('good', { outputs }, [blue])
const bad = fileOf('bad', blue, { id: 'no', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 'none' } })
const waits = fileOf('waits', blue, { id: 'waits', uses: 'check', with: { ping: '198.51.100.77', within: 60 } })

const users: readonly (readonly [string, readonly string[]])[] = [
  ['the user who runs the tests', []],
  ...(process.getuid?.() === 0
    ? [['an ordinary user', ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--']] as const]
    : []),
]

test('a netns that is not there is told, with those that are, and all is taken back', async () => {
  const box = await world()
  for (const [name, hint] of [
    ['blu', 'did you mean "blue"?'],
    ['elsewhere', 'there is blue'],
  ] as const) {
    const { exitCode, stdout, stderr } = await box.nsnet('with', good, '--netns', name, '--', 'echo', 'done')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain(
      `expected --netns with a netns that is there once all is set up, got "${name}"\n  ${hint}\n`,
    )
  }
  await box.isAsBefore()
})

describe.each(users)('in a sandbox, as %s', (_, user) => {
  const run = (...args: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((done) => {
      const [file, ...rest] = [...user, process.execPath, nsnet, 'with', ...args]
      const child = execFile(file!, rest, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      )
      child.stdin?.end('from stdin\n')
    })

  test('the command has stdin, stdout, the outputs, the words that are its own, and its exit code', async () => {
    const script =
      'cat; echo "$NSNET_STEPS_THE_BLUE_NETNS $NSNET_OUTPUT_WHERE $NSNET_OUTPUT_SOME_LIST $*"; ip netns list; nsnet list --json; exit 7'
    const { code, stdout, stderr } = await run(good, '--sandbox', '--', 'sh', '-c', script, '-', '--sandbox', '--json')
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' })
    const [first, second, third, ...rest] = stdout.split('\n')
    expect([first, second, third]).toEqual([
      'from stdin',
      'blue blue [1,"two"] --sandbox --json',
      expect.stringMatching(/^blue/),
    ])
    expect(JSON.parse(rest.join('\n'))).toMatchObject([{ workflow: 'good', status: 'completed' }])
  })

  test('it may be in a netns; signals that end it, and programs that are none, have their exit codes', async () => {
    const show = 'readlink /proc/self/ns/net; ip netns identify $$'
    const inside = await run(good, '--sandbox', '--netns', 'blue', '--', 'sh', '-c', show)
    expect(inside).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nblue\n$/) })
    const codes = ['kill -TERM $$', 'kill -KILL $$', 'exit 9'].map(
      async (script) => (await run(good, '--sandbox', '--', 'sh', '-c', script)).code,
    )
    expect(await Promise.all(codes)).toEqual([143, 137, 9])
    expect(await run(good, '--sandbox', '--', 'no-such-program')).toMatchObject({
      code: 127,
      stdout: '',
      stderr: 'nsnet: cannot run no-such-program: there is no such program\n',
    })
  })

  test('a set-up that fails says why, and nothing is run; neither is it for mistakes', async () => {
    const failed = await run(bad, '--sandbox', '--', 'echo', 'never')
    expect(failed).toMatchObject({ code: 1, stdout: '' })
    expect(failed.stderr).toMatch(/failed +no [^]*nsnet: the set-up failed: echo is not run\n$/)
    expect(await run(good, '--sandbox', '--set', 'x=1', '--', 'echo')).toMatchObject({ code: 65, stdout: '' })
    expect(await run(good, '--sandbox')).toMatchObject({ code: 64, stderr: /expected a command to run/ })
  })
})

/** The state of a kernel where nothing of nsnet is left. */
async function world(): Promise<Sandboxed & { readonly isAsBefore: () => Promise<void> }> {
  const box = await sandboxed()
  const before = await fingerprint(box.exec)
  return { ...box, isAsBefore: async () => expect(await fingerprint(box.exec)).toEqual(before) }
}

test('on the machine all is taken back, whatever the command did, also to what was made', async () => {
  const { nsnet: run, isAsBefore, sh } = await world()
  expect(await run('with', good, '--', 'sh', '-c', 'ip netns list; exit 3')).toMatchObject({
    exitCode: 3,
    stdout: /^blue/,
    stderr: '',
  })
  await isAsBefore()
  expect(await run('with', bad, '--', 'true')).toMatchObject({ exitCode: 1 })
  await isAsBefore()
  expect(await run('with', good, '--', 'no-such-program')).toMatchObject({ exitCode: 127 })
  await isAsBefore()
  const ttl = fileOf('ttl', { id: 'ttl', uses: 'sysctl', with: { key: 'net.ipv4.ip_default_ttl', value: '9' } })
  const spoilt = await run('with', ttl, '--', 'sysctl', '-q', '-w', 'net.ipv4.ip_default_ttl=10')
  expect(spoilt).toMatchObject({ exitCode: 1, stderr: /kept +ttl [^]*the rest: nsnet undo \w+ --force\n$/ })
  await sh('sysctl -q -w net.ipv4.ip_default_ttl=9')
  expect(await run('undo')).toMatchObject({ exitCode: 0 })
  await isAsBefore()
})

test.each([
  ['INT', 130],
  ['TERM', 143],
  ['HUP', 129],
])('SIG%s during the set-up, and during the command: all is taken back', async (signal, code) => {
  const { exec, command, isAsBefore } = await world()
  const state = mkdtempSync(join(dir, 'state-'))
  const begin = [...command, 'with', '--state-dir', state].join(' ')
  const script = `
    ${begin} ${waits} -- echo never & nsnet=$!
    until grep -q StepApplied ${state}/runs/*.jsonl 2>/dev/null; do sleep 0.02; done
    kill -${signal} $nsnet; wait $nsnet; echo exit $?
    for where in '' --sandbox; do
      rm -f ${state}/up
      ${begin} ${good} $where -- sh -c 'trap "echo got it; exit 5" ${signal}; echo up >${state}/up; while :; do sleep 0.02; done' & nsnet=$!
      until [ -e ${state}/up ]; do sleep 0.02; done
      kill -${signal} $nsnet; wait $nsnet; echo exit $?
    done`
  const { stdout, stderr } = await exec({ argv: ['setsid', 'sh', '-c', script] })
  expect({ stdout, stderr }).toMatchObject({
    stdout: `exit ${code}\ngot it\nexit 5\ngot it\nexit 5\n`,
    stderr: expect.stringContaining(`nsnet: SIG${signal}: stopping the set-up`),
  })
  await isAsBefore()
})

describe.skipIf(!has('script'))('Ctrl-C at the terminal', () => {
  const up = join(dir, 'up-tty')
  const work = join(dir, 'work.sh')
  writeFileSync(
    work,
    `trap "echo got it; exit 5" INT; tty >/dev/null && echo terminal; : >${up}; while :; do sleep 0.02; done`,
  )
  const typing = async ({ exec, command }: Sandboxed, before: string, ...options: readonly string[]) => {
    for (const file of [up, `${up}.over`]) rmSync(file, { force: true })
    const line = [before, ...command, 'with', good, ...options, '--', 'sh', work].join(' ')
    const typed = `(until [ -e ${up} ]; do sleep 0.02; done; printf '\\003'; until [ -e ${up}.over ]; do sleep 0.02; done) |
      (SHELL=/bin/sh script -qec '${line}' /dev/null; echo exit $?; : >${up}.over)`
    const { stdout, stderr } = await exec({ argv: ['sh', '-c', typed], timeoutMs: 20_000 })
    return { stderr, said: stdout.replaceAll('\r', '') }
  }
  const said = expect.stringMatching(/^terminal\n[^]*got it\nexit 5\n$/)

  test.each([
    ['on the machine', []],
    ['in a sandbox', ['--sandbox']],
  ])('is for the command, and then all is taken back: %s', async (_, options) => {
    const { isAsBefore, ...box } = await world()
    // as at a prompt, where no other shell waits in the same group
    expect(await typing(box, 'exec', ...options)).toEqual({ stderr: '', said })
    await isAsBefore()
  })

  test('all is taken back also when it ends the shell that waits for nsnet, and the terminal goes with that', async () => {
    const { isAsBefore, ...box } = await world()
    const ends = expect.stringMatching(/^terminal\n[^]*exit 130\n$/)
    expect(await typing(box, 'trap - INT;')).toEqual({ stderr: '', said: ends })
    const netnss = async (): Promise<string> => (await box.exec({ argv: ['ip', 'netns', 'list'] })).stdout
    expect(await settle(netnss, (list) => list === '', 10_000)).toBe('')
    await isAsBefore()
  })
})

test('when nsnet is killed the command dies, a sandbox is gone, and the rest is undone by nsnet undo', async () => {
  const { nsnet: run, exec, command, isAsBefore } = await world()
  const state = mkdtempSync(join(dir, 'state-'))
  const script = `
    ${command.join(' ')} with --state-dir ${state} ${good} -- sh -c 'echo $$ >${state}/pid; exec sleep 1000' & nsnet=$!
    until [ -s ${state}/pid ]; do sleep 0.02; done
    kill -KILL $nsnet; wait $nsnet 2>/dev/null
    alive() { grep -qs '^State:.[^ZX]' /proc/$(cat ${state}/pid)/status; }
    for i in $(seq 250); do alive || break; sleep 0.02; done
    alive || echo dead; ip netns list`
  expect((await exec({ argv: ['sh', '-c', script] })).stdout).toMatch(/^dead\nblue/)
  expect(await run('undo', '--state-dir', state)).toMatchObject({ exitCode: 0 })
  await isAsBefore()

  const show = 'readlink /proc/self/ns/net; exec sleep 1000'
  const args = [nsnet, 'with', good, '--sandbox', '--', 'sh', '-c', show]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [netns] = (await once(child.stdout, 'data')) as [Buffer]
  expect(livingIn(`${netns}`.trim())).toBeGreaterThan(0)
  child.kill('SIGKILL')
  const left = async (): Promise<number> => livingIn(`${netns}`.trim())
  expect(await settle(left, (count) => count === 0, 5_000)).toBe(0)
})

test('a first signal does not stop the undo, a second one does, and it is said how to go on', async () => {
  const { exec, nsnet: run, command, isAsBefore } = await world()
  const some = fileOf('some', ...names.map(netnsStep))
  const state = mkdtempSync(join(dir, 'state-'))
  const begin = [...command, 'with', '--state-dir', state, some, '--', 'true'].join(' ')
  const script = (...signals: readonly string[]): string => `
    rm -rf ${state}/runs
    ${begin} & nsnet=$!
    until grep -q UndoStarted ${state}/runs/*.jsonl 2>/dev/null; do sleep 0.001; done
    kill -STOP $nsnet
    ${signals.map((signal) => `kill -${signal} $nsnet`).join('\n')}
    kill -CONT $nsnet; wait $nsnet; echo exit $?`
  const calm = await exec({ argv: ['sh', '-c', script('INT')] })
  expect(calm).toMatchObject({ stdout: 'exit 0\n', stderr: /nsnet: SIGINT: taking it back; again to leave the rest/ })
  await isAsBefore()
  const twice = await exec({ argv: ['sh', '-c', script('INT', 'TERM')] })
  expect(twice).toMatchObject({
    stdout: 'exit 1\n',
    stderr: /not all of run \w+ is taken back; the rest: nsnet undo \w+/,
  })
  expect(await run('undo', '--state-dir', state)).toMatchObject({ exitCode: 0 })
  await isAsBefore()
})

const names = Array.from({ length: 60 }, (_, at) => `n${at}`)
const netnsStep = (netns: string) => ({ id: netns, uses: 'netns', with: { netns } })

const until = (what: string): string => `until ${what}; do sleep 0.02; done`

test('two at once of the same workflow: the last one that needs it takes it back, whoever made it', async () => {
  const { exec, command, isAsBefore } = await world()
  const state = mkdtempSync(join(dir, 'state-'))
  const begin = [...command, 'with', '--state-dir', state, good].join(' ')
  const there = (file: string): string => until(`[ -e ${state}/${file} ]`)
  const script = `
    ${begin} -- sh -c ': >${state}/first; ${there('second')}' & first=$!
    ${there('first')}
    ${begin} -- sh -c ': >${state}/second; ${there('over')}; ip netns list' & second=$!
    wait $first; echo exit $?; : >${state}/over; wait $second; echo exit $?`
  const { stdout } = await exec({ argv: ['sh', '-c', script] })
  expect(stdout).toMatch(/^exit 0\nblue.*\nexit 0\n$/)
  await isAsBefore()
})

test('who takes back waits for another one at the same work; a signal ends the waiting for --wait', async () => {
  const { exec, command, isAsBefore } = await world()
  const state = mkdtempSync(join(dir, 'state-'))
  const slow = fileOf('slow', blue, { id: 'ok', uses: 'wait', with: { file: `${state}/ok`, within: 30 } })
  const begin = [...command, 'with', '--state-dir', state, slow].join(' ')
  const script = `
    : >${state}/ok
    ${begin} -- sh -c ': >${state}/first; ${until(`[ -e ${state}/over ]`)}' & first=$!
    ${until(`[ -e ${state}/first ]`)}
    rm ${state}/ok
    ${begin} -- true & second=$!
    ${until(`[ $(cat ${state}/runs/*.jsonl | grep -c '"blue".*StepSatisfied\\|StepSatisfied.*blue') = 1 ]`)}
    ${begin} --wait -- echo never & third=$!
    ${until(`grep -qs flock /proc/*/cmdline && pgrep -P $third >/dev/null`)}
    sleep 0.5; kill -INT $third; wait $third; echo third $?
    : >${state}/over; sleep 0.5; : >${state}/ok
    wait $first; echo first $?; wait $second; echo second $?`
  const { stdout, stderr } = await exec({ argv: ['sh', '-c', script] })
  expect({ stdout, stderr }).toMatchObject({ stdout: 'third 130\nfirst 0\nsecond 0\n' })
  expect(stderr).toMatch(/nsnet: stopped waiting for nsnet with process id \d+ \(run \w+ of slow\)/)
  await isAsBefore()
})

test('docs/recipes.md: the test runner finds the network that is set up around it', async () => {
  const page = readFileSync('docs/recipes.md', 'utf8')
  const [line] = /nsnet with .* node --test lab\.test\.mjs/.exec(page)!
  writeFileSync(join(dir, 'lab.test.mjs'), /```js\n([^]*?)```/.exec(page)![1]!)
  const words = line.replace('nsnet ', `"$NODE" ${nsnet} `).replace('workflows/', `${resolve('workflows')}/`)
  const { stdout, exitCode, stderr } = await ran(['sh', '-c', `cd ${dir} && ${words.replace(' node ', ' "$NODE" ')}`])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/pass 2\n/)
})

function ran([file, ...args]: readonly string[]): Promise<{
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}> {
  const env = { ...process.env, NODE: process.execPath, NODE_OPTIONS: '', FORCE_COLOR: '0' }
  return new Promise((done) => {
    execFile(file!, args, { env }, (error, stdout, stderr) =>
      done({ stdout, stderr, exitCode: error === null ? 0 : Number(error.code) }),
    )
  })
}

/** Counts the processes in a network namespace. */
function livingIn(netns: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/net`) === netns
    } catch {
      return false
    }
  }).length
}
