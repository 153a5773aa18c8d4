import { expect, test } from 'vitest'
import { processExec } from '../../core/exec.ts'
import { open, resume, sandbox, start, undo } from '../../library/index.ts'

const blue = { name: 'blue', steps: [{ id: 'blue', uses: 'netns', with: { netns: 'blue' } }] }
const circle: { it?: object } = {}
circle.it = circle

test.each<readonly [string, unknown]>([
  ['got one that JSON cannot hold: TypeError: Converting circular structure', circle],
  ['got one that JSON cannot hold: TypeError: Do not know how to serialize a BigInt', { ...blue, count: 1n }],
  [
    'got one that JSON cannot hold: Error: oops',
    {
      toJSON: () => {
        throw new Error('oops')
      },
    },
  ],
])('what is no workflow is refused: %s', async (got, workflow) => {
  await expect(start(workflow as never, { sandbox: true })).rejects.toMatchObject({
    name: 'NsnetError',
    code: 'WORKFLOW_INVALID',
    message: expect.stringContaining(got),
  })
})

test.each<readonly [string, unknown]>([
  ['an object of options for start(), got null', null],
  ['an object of options for start(), got a list', []],
  ['a sandbox that sandbox() made, got something else', { sandbox: null }],
  ['a sandbox that sandbox() made, got something else', { sandbox: 'true' }],
  ['"signal" of start() to be an AbortSignal, got an object', { sandbox: true, signal: {} }],
  ['"steps" of start() to be a list of step types, got an object', { sandbox: true, steps: {} }],
  ['"stateDir" of start() to be a text that is not empty, without NUL, got a string', { sandbox: true, stateDir: '' }],
  ['"secrets" of start() to be an object of values, got a string', { sandbox: true, secrets: 'hunter2' }],
  ['"wait" of start() to be true or false, got a string', { sandbox: true, wait: 'false' }],
])('an option that is none is refused: expected %s', async (message, options) => {
  const refused = expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }) as unknown
  await expect(start(blue, options as never)).rejects.toEqual(refused)
})

test('of an input that lacks a value, and of a secret, it is said how a program gives it', async () => {
  const inputs = { 'my mtu': { type: 'integer' }, key: { secret: true } }
  const lacking = start({ ...blue, inputs } as never, { sandbox: true })
  await expect(lacking).rejects.toThrow(/"my mtu", got nothing \(set it: \{ inputs: \{ "my mtu": … \} \}\)/)
  await expect(lacking).rejects.toThrow(/"key", got nothing \(set it: \{ secrets: \{ key: … \} \}\)/)
})

test('a mistake in a workflow that is an object is told by its place there, and by no file', async () => {
  const step = { id: 'up', uses: 'link', with: { link: 'lo', netns: 7, state: 'up' } }
  const mistakes = {
    'the workflow has 2 mistakes:\n  steps[1].id: expected an id of its own, got "up" again (first at steps[0].id)\n  steps[1].with.netns: expected a string, got 7':
      { name: 'x', steps: [{ id: 'up', uses: 'netns', with: { netns: 'blue' } }, step] },
    'the workflow has 2 mistakes:\n  inputs["a b"]: expected ': { name: 'x', inputs: { 'a b': {} }, steps: [] },
    'the workflow has a mistake:\n  expected an object, got []': [],
    'plugins[0]: expected the file of a plugin, there is no ': { name: 'x', plugins: ['./none.mjs'], steps: [] },
  }
  for (const [message, workflow] of Object.entries(mistakes)) {
    const refused = start(workflow as never, { sandbox: true })
    await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(new RegExp(`^${escaped(message)}`)) })
  }
  const given = start({ name: 'x', inputs: { count: { type: 'integer' } }, steps: [] } as never, {
    sandbox: true,
    inputs: { count: 'many' },
  })
  await expect(given).rejects.toThrow(
    /^what is given to the workflow has a mistake:\n {2}count by the program \(inputs\.count\): /,
  )
})

const escaped = (text: string): string => text.replaceAll(/[[\]().]/g, String.raw`\$&`)

test('what a command or an undo is not told rightly is refused, and nothing is done', async () => {
  await using box = await sandbox()
  const run = await start(blue, { sandbox: box })
  await run.done
  const usage = { code: 'USAGE' }
  for (const argv of [undefined, null, 'ls', [], [''], ['a\0b'], ['echo', 7]])
    await expect(run.exec(argv as never)).rejects.toMatchObject(usage)
  for (const options of [null, { netn: 'blue' }, { netns: '' }, { timeoutMs: -1 }, { timeoutMs: NaN }, { stdin: 7 }]) {
    await expect(run.exec(['ip', 'link', 'delete', 'enp1s0'], options as never)).rejects.toMatchObject(usage)
    await expect(box.exec(['ip', 'link', 'delete', 'enp1s0'], options as never)).rejects.toMatchObject(usage)
  }
  expect(() => run.argv(['true'], { netn: 'blue' } as never)).toThrow('expected options of argv(), got "netn"')
  for (const options of [null, { too: 'blue' }, { force: 'false' }])
    await expect(run.undo(options as never)).rejects.toMatchObject(usage)
  for (const verb of [resume, undo, open])
    await expect(verb(run.id, { sandbox: box, dryRun: true } as never)).rejects.toMatchObject(usage)
  expect(run.status).toBe('completed')
  expect((await box.exec(['ip', '-br', 'link', 'show', 'enp1s0'])).exitCode).toBe(0)
  await box.end()
  await expect(run.undo()).rejects.toMatchObject({ code: 'SANDBOX_GONE' })
})

test('a command is ended by its signal, also by one that is over already, and then rejects', async () => {
  await using box = await sandbox()
  const why = new Error('enough')
  const stopped = { name: 'NsnetError', code: 'INTERRUPTED', cause: why }
  await expect(box.exec(['touch', '/run/made'], { signal: AbortSignal.abort(why) })).rejects.toMatchObject(stopped)
  expect(await box.exec(['ls', '/run/made'])).toMatchObject({ exitCode: 2 })
  const stop = new AbortController()
  const sleeping = box.exec(['sh', '-c', 'echo $$ >/run/pid; exec sleep 1000'], { signal: stop.signal })
  for (let it = 1; it !== 0;) it = (await box.exec(['test', '-s', '/run/pid'])).exitCode
  stop.abort(why)
  await expect(sleeping).rejects.toMatchObject(stopped)
  expect(await box.exec(['true'], { timeoutMs: 1e20 })).toMatchObject({ exitCode: 0, timedOut: false })
})

test('the engine begins no command that is to be ended already', async () =>
  expect(await processExec({ kill: AbortSignal.abort() })({ argv: ['sleep', '1000'] })).toMatchObject({
    exitCode: 137,
    timedOut: false,
  }))

test('what two runs of one workflow need stays until the last of them is taken back', async () => {
  await using box = await sandbox()
  const { stdout: before } = await box.exec(['ip', 'netns', 'list'])
  const other = { ...blue, steps: [...blue.steps, { id: 'red', uses: 'netns', with: { netns: 'red' } }] }
  const runs = []
  for (const workflow of [blue, blue, other]) {
    const run = await start(workflow, { sandbox: box })
    await run.done
    runs.push(run)
  }
  for (const run of runs) {
    expect((await box.exec(['ip', 'netns', 'exec', 'blue', 'true'])).exitCode).toBe(0)
    await run[Symbol.asyncDispose]()
  }
  expect((await box.exec(['ip', 'netns', 'list'])).stdout).toBe(before)
})

test('one that waits for another one is stopped by its signal, and at the end of its scope it waits', async () => {
  await using box = await sandbox()
  const slow = {
    name: 'slow',
    steps: [...blue.steps, { id: 'ok', uses: 'wait', with: { file: '/run/ok', within: 30 } }],
  }
  const first = await start(slow, { sandbox: box })
  await expect(start(slow, { sandbox: box })).rejects.toMatchObject({ code: 'LOCKED' })
  const stop = new AbortController()
  const second = start(slow, { sandbox: box, wait: true, signal: stop.signal })
  setTimeout(() => stop.abort(new Error('enough')), 500)
  await expect(second).rejects.toMatchObject({ code: 'INTERRUPTED', cause: { message: 'enough' } })
  await box.exec(['touch', '/run/ok'])
  await first.done
  await box.exec(['rm', '/run/ok'])
  const third = await start(slow, { sandbox: box })
  const left = first[Symbol.asyncDispose]()
  await box.exec(['sh', '-c', 'sleep 0.5; touch /run/ok'])
  await left
  expect(first.status).toBe('undone')
  await third.done
  await third[Symbol.asyncDispose]()
})

test('one signal may stop many runs', async () => {
  await using box = await sandbox()
  const warnings: Error[] = []
  const note = (warning: Error): void => void warnings.push(warning)
  process.on('warning', note)
  const { signal } = new AbortController()
  const runs = await Promise.all(
    Array.from({ length: 15 }, (_, at) => start({ name: `n${at}`, steps: [] }, { sandbox: box, signal, wait: true })),
  )
  await Promise.all(runs.map(({ done }) => done))
  process.off('warning', note)
  expect(warnings).toEqual([])
})
