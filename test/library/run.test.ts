import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { ip } from '../../core/command.ts'
import { processExec } from '../../core/exec.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import { settle } from '../../core/wait.ts'
import { open, resume, sandbox, start, undo, type Sandbox, type WorkflowObject } from '../../library/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-library-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const internet = 'workflows/internet.json'

const netnsOf = (...names: readonly string[]): WorkflowObject => ({
  name: 'netns',
  steps: names.map((netns) => ({ id: netns, uses: 'netns', with: { netns } })),
})

const seenIn = (box: Sandbox) => fingerprint(({ argv }) => box.exec(argv))

test('the main job: set up, used, undone exactly, in a sandbox that others may use too', async () => {
  const before = await machine()
  await using box = await sandbox()
  const empty = await seenIn(box)
  {
    await using run = await start(internet, { sandbox: box })
    await run.done
    expect(run.status).toBe('completed')
    expect(run.steps['cable']?.outputs).toMatchObject({ mac: expect.any(String) })
    const ping = ['ping', '-c', '1', 'google.com']
    expect(await run.exec(ping, { netns: 'ns1' })).toMatchObject({ exitCode: 0, stdout: / 0% packet loss/ })
    const [file, ...args] = run.argv(['ip', '-br', 'link'], { netns: 'ns1' })
    expect(await promisify(execFile)(file!, args)).toMatchObject({ stdout: expect.stringContaining('veth-ns') })
    expect(await seenIn(box)).not.toEqual(empty)
  }
  expect(await seenIn(box)).toEqual(empty)
  expect(await machine()).toEqual(before)
})

test('what a run gives: events from the first on, also to who comes late; it can be read while it is there', async () => {
  await using box = await sandbox()
  const text = readFileSync(internet, 'utf8')
  const outputs = { mac: '${{ steps.cable.outputs.mac }}' }
  const workflow = { ...(JSON.parse(text) as WorkflowObject), outputs }
  const run = await start(workflow, { sandbox: box, id: 'mine42' })
  const types = async () => {
    const all: string[] = []
    for await (const { event } of run.events) all.push(event.type)
    return all
  }
  const [early, read] = await Promise.all([types(), open('mine', { sandbox: box })])
  expect(read).toMatchObject({ id: 'mine42', started: { workflow: { name: 'internet' } } })
  expect(early[0]).toBe('RunStarted')
  expect(early.at(-1)).toBe('StepSatisfied')
  expect(await types()).toEqual(early)
  expect(run.outputs).toEqual({ mac: run.steps['cable']?.outputs['mac'] })
  expect((await open('mine42', { sandbox: box })).outputs).toEqual(run.outputs)
  const undoing = run.undo()
  const all = await types()
  await undoing
  expect(all.slice(0, early.length)).toEqual(early)
  expect(all).toContain('UndoStarted')
  expect(all.at(-1)).toBe('StepUndone')
  expect((await open('last', { sandbox: box })).status).toBe('undone')
})

test('an abort in the middle is resumed, an abort before the beginning too; nobody needs to ask', async () => {
  await using box = await sandbox()
  const stop = new AbortController()
  const first = await start(internet, { sandbox: box, signal: stop.signal })
  for await (const { event } of first.events) if (event.type === 'StepApplied') stop.abort(new Error('enough'))
  await expect(first.done).rejects.toMatchObject({ code: 'INTERRUPTED', cause: { message: 'enough' } })
  expect(first.status).toBe('interrupted')
  const second = await resume(first.id.slice(0, 5), { sandbox: box, signal: stop.signal })
  await expect(second.done).rejects.toMatchObject({ code: 'INTERRUPTED' })
  const third = await resume('last', { sandbox: box })
  await third.done
  expect(Object.values(third.steps).filter(({ status }) => !/^(applied|satisfied)$/.test(status))).toEqual([])
  await undo(third.id, { sandbox: box })
  await expect(resume(third.id, { sandbox: box })).rejects.toMatchObject({ code: 'RUN_UNDONE' })
})

test('a step that fails is an error with its code; the end of the scope takes back what was made', async () => {
  await using box = await sandbox()
  const before = await seenIn(box)
  const steps = [
    ...netnsOf('blue').steps,
    { id: 'bad', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 'no number' } },
  ]
  {
    await using run = await start({ name: 'bad', steps }, { sandbox: box })
    await expect(run.done).rejects.toMatchObject({
      name: 'NsnetError',
      code: 'STEP_FAILED',
      message: expect.stringMatching(/^step bad \(sysctl\) of run \w+ failed: /),
    })
    expect(run.steps).toMatchObject({ blue: { status: 'applied' }, bad: { status: 'failed', failure: {} } })
  }
  expect(await seenIn(box)).toEqual(before)
})

test('refusals come with their codes, and leave no sandbox', async () => {
  const before = sandboxesOf(process.pid)
  const mistakes = start({ name: 'x', steps: [{ id: 'a', uses: 'nothing', with: {} }] }, { sandbox: true })
  await expect(mistakes).rejects.toMatchObject({ code: 'WORKFLOW_INVALID', message: /workflow\.json:5:\d+ / })
  await expect(start('/nothing.json', { sandbox: true })).rejects.toMatchObject({ code: 'WORKFLOW_UNREADABLE' })
  const noStep = { type: 'x' } as never
  await expect(start(netnsOf('a'), { sandbox: true, steps: [noStep] })).rejects.toMatchObject({
    code: 'PLUGIN_INVALID',
  })
  await using box = await sandbox()
  await expect(resume('last', { sandbox: box })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  await expect(start(netnsOf('a'), { sandbox: box, id: 'X' })).rejects.toMatchObject({ code: 'USAGE' })
  const misspelt = { sandbox: box, input: {} }
  await expect(start(netnsOf('a'), misspelt)).rejects.toMatchObject({ code: 'USAGE', hint: 'did you mean "inputs"?' })
  const run = await start(netnsOf('a'), { sandbox: box })
  await run.done
  await box.end()
  await expect(run.exec(['true'])).rejects.toMatchObject({ code: 'SANDBOX_GONE' })
  await expect(start(netnsOf('a'), { sandbox: box })).rejects.toMatchObject({ code: 'SANDBOX_GONE' })
  await run[Symbol.asyncDispose]()
  expect(sandboxesOf(process.pid)).toEqual(before)
})

test('what others have changed is kept and told, and taken back by force', async () => {
  await using box = await sandbox()
  const steps = [{ id: 'forward', uses: 'sysctl', with: { key: 'net.ipv4.ip_default_ttl', value: '9' } }]
  const run = await start({ name: 'ttl', steps }, { sandbox: box })
  await run.done
  await box.exec(['sysctl', '-q', '-w', 'net.ipv4.ip_default_ttl=10'])
  await expect(run.undo()).rejects.toMatchObject({ code: 'UNDO_KEPT', message: /forward: / })
  await undo(run.id, { sandbox: box, force: true })
  expect((await box.exec(['sysctl', '-n', 'net.ipv4.ip_default_ttl'])).stdout).toBe('64\n')
})

test('two runs in one sandbox and two in their own, at the same time; /etc/netns and sysctls are theirs', async () => {
  await using box = await sandbox()
  const runs = await Promise.all([
    start(netnsOf('a', 'b'), { sandbox: box }),
    start(netnsOf('c'), { sandbox: box }),
    start(internet, { sandbox: true }),
    start(internet, { sandbox: true }),
  ])
  await Promise.all(runs.map(({ done }) => done))
  const names = async (of: (typeof runs)[number]) =>
    (await of.exec(['ip', 'netns', 'list'])).stdout.match(/^\w+/gm)?.toSorted()
  expect(await Promise.all(runs.map(names))).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], ['ns1'], ['ns1']])
  const ttl = ['sysctl', '-n', 'net.ipv4.ip_forward']
  expect((await Promise.all(runs.map((run) => run.exec(ttl)))).map(({ stdout }) => stdout)).toEqual([
    '0\n',
    '0\n',
    '1\n',
    '1\n',
  ])
  await runs[2]!.exec(['sh', '-c', 'mkdir /etc/netns/ns1 && echo 127.0.0.1 mine >/etc/netns/ns1/hosts'])
  expect(await runs[2]!.exec(['ping', '-c', '1', 'mine'], { netns: 'ns1' })).toMatchObject({ stdout: /127\.0\.0\.1/ })
  expect(await runs[3]!.exec(['ping', '-c', '1', 'mine'], { netns: 'ns1' })).toMatchObject({ exitCode: 2 })
  const before = sandboxesOf(process.pid)
  await Promise.all(runs.map((run) => run[Symbol.asyncDispose]()))
  expect(runs.map(({ status }) => status)).toEqual(['undone', 'undone', 'undone', 'undone'])
  expect(sandboxesOf(process.pid)).toHaveLength(before.length - 2)
})

test('a secret reaches the kernel and whoever gave it, and nothing else', async () => {
  const secrets = { word: 'sesame-open-123' }
  await using box = await sandbox()
  const stateDir = mkdtempSync(join(dir, 'state-'))
  const workflow = {
    name: 'secret',
    inputs: { word: { secret: true } },
    steps: [{ id: 'a', uses: 'netns', with: { netns: '${{ inputs.word }}' } }],
  }
  const run = await start(workflow, { sandbox: box, stateDir, secrets })
  await run.done
  expect((await box.exec(['ip', 'netns', 'list'])).stdout).toContain(secrets.word)
  expect(run.steps['a']?.outputs).toMatchObject({ netns: secrets.word })
  const told: string[] = []
  for await (const entry of run.events) told.push(JSON.stringify(entry))
  const files = readdirSync(stateDir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  told.push(...files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8')))
  told.push(JSON.stringify(await open(run.id, { sandbox: box, stateDir })))
  expect(told.join('\n')).not.toContain(secrets.word)
  expect(told.join('\n')).toContain('«secret:word»')
  await run.undo()
  expect((await box.exec(['ip', 'netns', 'list'])).stdout).toBe('')
})

/** What belongs to the whole process. */
const asItIs = () => ({
  signals: ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'unhandledRejection'].map((name) => process.listenerCount(name)),
  cwd: process.cwd(),
  umask: process.umask(),
  env: { ...process.env },
  exitCode: process.exitCode,
})

test('nothing is printed, and nothing of the process is changed', async () => {
  const spies = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write'), vi.spyOn(process, 'exit')]
  const before = asItIs()
  try {
    await using run = await start(internet, { sandbox: true })
    expect(asItIs()).toEqual(before)
    await run.done
    await run.undo()
    const bad = await start(
      { name: 'x', steps: [{ id: 'a', uses: 'check', with: { command: ['false'] } }] },
      { sandbox: true },
    ).catch(() => undefined)
    await bad?.[Symbol.asyncDispose]()
    expect(asItIs()).toEqual(before)
    expect(spies.map((spy) => spy.mock.calls)).toEqual([[], [], []])
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
})

const program = (body: string): string => {
  const file = join(dir, `program-${readdirSync(dir).length}.mjs`)
  writeFileSync(file, `import { start, sandbox } from '${resolve('dist/index.mjs')}'\n${body}`)
  return file
}

test('a process that forgets its run ends by itself, and one that is killed leaves nothing', async () => {
  const forgetful = program(`const run = await start('${resolve(internet)}', { sandbox: true })
await run.done
process.stdout.write(run.argv(['true']).join(' '))`)
  const child = spawn(process.execPath, [forgetful], { stdio: ['ignore', 'pipe', 'inherit'] })
  expect(await once(child, 'exit')).toEqual([0, null])
  const killed = program(`const run = await start('${resolve(internet)}', { sandbox: true })
await run.done
console.log('ready')
await run.exec(['sleep', 'infinity'], { netns: 'ns1', timeoutMs: 100000 })`)
  const victim = spawn(process.execPath, [killed], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void victim.kill('SIGKILL'))
  await once(victim.stdout, 'data')
  // the sandbox, and the netns in it where the command runs
  const held = await settle(
    async () => sandboxesOf(victim.pid!),
    (found) => found.length === 2,
    5_000,
  )
  expect(held).toHaveLength(2)
  victim.kill('SIGKILL')
  const left = () => processes().filter((pid) => held.includes(netnsOfProcess(pid)))
  expect(
    await settle(
      async () => left(),
      (pids) => pids.length === 0,
      5_000,
    ),
  ).toEqual([])
})

test('events that somebody stops to read, and does not say so, leave nothing open and are no cause for a warning', async () => {
  const reader = program(`import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
const journals = () => readdirSync('/proc/self/fd').filter((fd) => {
  try { return readlinkSync('/proc/self/fd/' + fd).endsWith('.jsonl') } catch { return false }
})
const run = await start({ name: 'a', steps: [] }, { sandbox: true })
await run.done
const first = async () => (await run.events[Symbol.asyncIterator]().next()).value.event.type
process.stdout.write(await first() + ' ' + journals().length)
for (let left = 100; journals().length > 0 && left > 0; left--) {
  gc()
  await setTimeout(20)
}
process.stdout.write(' ' + journals().length)`)
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--expose-gc', reader])
  expect({ stdout, stderr }).toEqual({ stdout: 'RunStarted 1 0', stderr: '' })
})

/** The netns, other than our own, of the processes that a process has begun. */
function sandboxesOf(pid: number): readonly string[] {
  const all = childrenOf(pid).flatMap((child) => [netnsOfProcess(child), ...sandboxesOf(child)])
  return [...new Set(all)].filter((netns) => netns !== '' && netns !== netnsOfProcess(process.pid)).toSorted()
}

const processes = (): readonly number[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))

const childrenOf = (parent: number): readonly number[] => processes().filter((pid) => parentOf(pid) === parent)

const parentOf = (pid: number): number =>
  Number(unlessGone(() => /^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))![1]!))

const netnsOfProcess = (pid: number): string => unlessGone(() => readlinkSync(`/proc/${pid}/ns/net`))

function unlessGone(look: () => string): string {
  try {
    return look()
  } catch {
    return ''
  }
}

/** What everybody may see of the machine's own network. */
async function machine(): Promise<readonly string[]> {
  const exec = processExec()
  const outputs = await Promise.all([exec(ip(undefined, '-br', 'link')), exec(ip(undefined, 'netns', 'list'))])
  return outputs.map(({ stdout }) => stdout)
}

const usage = (message: string) => ({ code: 'USAGE', message: expect.stringContaining(message) })

test('what no type checker has seen is refused in words, not by an error of the engine', async () => {
  const from = start as (...args: readonly unknown[]) => Promise<unknown>
  await expect(from()).rejects.toMatchObject(
    usage('expected the path of a workflow file, or a workflow as an object, got nothing'),
  )
  await expect(from(internet, null)).rejects.toMatchObject(usage('expected an object of options for start(), got null'))
  await using box = await sandbox()
  const exec = box.exec as (argv: unknown) => Promise<unknown>
  await expect(exec('ip link')).rejects.toMatchObject(usage('expected a command as a list of texts, got "ip link"'))
  await expect(exec([])).rejects.toMatchObject(usage('got []'))
})
