import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { dir, fileOf } = workspace()
const file = fileOf(
  'traced',
  { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
  { id: 'lo', uses: 'link', with: { netns: 'blue', link: 'lo', state: 'up' } },
)
const wrong = fileOf('wrong', { id: 'mtu', uses: 'link', with: { link: 'none', mtu: 1400 } })

/** Listens inside the sandbox, and writes each body that comes to a file, a line each. */
const server = `require('node:http').createServer((request, response) => {
  request.pipe(require('node:fs').createWriteStream(process.argv[1], { flags: 'a' })).on('close', () => response.end('{}'))
}).listen(4318, '127.0.0.1', () => console.log('ready'))`

async function collectorIn({ enter }: Sandboxed, path: string): Promise<void> {
  const [program, ...args] = [...enter, process.execPath, '-e', server, path]
  // it ends with the sandbox
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
}

interface Told {
  readonly spanId: string
  readonly traceId: string
  readonly name: string
}

const spansIn = (path: string): readonly Told[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => JSON.parse(line).resourceSpans as { scopeSpans: { spans: Told[] }[] }[])
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))

const ids = (spans: readonly Told[]) => spans.map(({ spanId }) => spanId).toSorted()

test('a run that is killed, goes on and is undone gives each span once, to an endpoint and in a file', async () => {
  const world = await sandboxed()
  const [sent, whole, written] = [join(dir, 'sent'), join(dir, 'whole.json'), join(dir, 'written.json')]
  await collectorIn(world, sent)
  const env = [
    'OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318',
    `TRACEPARENT=00-${'c3'.repeat(16)}-${'d4'.repeat(8)}-01`,
  ]
  const killed = [...env, `NODE_OPTIONS=--import=${resolve('testing/boundaries.mjs')}`, 'NSNET_KILL_AT=7']
  expect(await world.nsnetIn(killed, 'run', file, '--trace')).toMatchObject({ exitCode: 137 })
  expect(await world.nsnetIn(env, 'resume', '--trace')).toMatchObject({
    exitCode: 0,
    stderr: expect.not.stringContaining('trace'),
  })
  expect(await world.nsnetIn(env, 'undo', '--trace', 'otlp')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnetIn(env, 'log', 'last', '--trace')).toMatchObject({
    stdout: expect.stringMatching(/^sent 0 spans/),
  })
  expect(await world.nsnet('log', 'last', '--trace', whole)).toMatchObject({ exitCode: 0 })
  const spans = spansIn(sent)
  expect(spans.filter(({ name }) => /^[A-Z]/.test(name)).map(({ name }) => name)).toEqual([
    'RUN traced',
    'RESUME traced',
    'UNDO traced',
  ])
  expect(new Set(ids(spans)).size).toBe(spans.length)
  expect(ids(spans)).toEqual(ids(spansIn(whole)))
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(['c3'.repeat(16)]))

  for (const args of [['run', file], ['undo']] as const) {
    expect(await world.nsnet(...args, '--trace', written)).toMatchObject({ exitCode: 0 })
    expect(new Set(ids(spansIn(written))).size).toBe(spansIn(written).length)
  }
  expect(spansIn(written).map(({ name }) => name)).toContain('UNDO traced')
})

test('an endpoint that does not answer is told, and changes nothing about the exit code and the result', async () => {
  const world = await sandboxed()
  const env = ['OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9']
  const told = expect.stringMatching(
    /cannot send the trace to http:\/\/127.0.0.1:9\/v1\/traces: .*\n {2}nsnet log \w+ --trace otlp/,
  )
  const { exitCode, stdout, stderr } = await world.nsnetIn(env, 'run', file, '--trace', '--json')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: told })
  for (const line of stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('seq')
  expect(await world.nsnetIn(env, 'run', wrong, '--trace', '-q')).toMatchObject({ exitCode: 1, stderr: told })
  expect(await world.nsnetIn(env, 'log', 'last', '--trace')).toMatchObject({ exitCode: 1, stderr: told })
  expect(await world.nsnet('run', wrong, '--trace')).toMatchObject({ exitCode: 64 })
  expect(JSON.parse((await world.nsnet('list', '--json')).stdout)).toHaveLength(2)
})

test('no secret is in a trace', async () => {
  const world = await sandboxed()
  const [path, trace] = [join(dir, 'secret.json'), join(dir, 'secret-trace.json')]
  const rule = '-s 10.9.9.9 -m comment --comment ${{ inputs.key }} -j ACCEPT'
  const steps = [{ id: 'rule', uses: 'iptables', with: { chain: 'FORWARD', rule } }]
  writeFileSync(path, JSON.stringify({ name: 's', inputs: { key: { secret: true } }, steps }))
  const { exitCode } = await world.nsnetIn(['NSNET_INPUT_key=Tell-No1'], 'run', path, '--trace', trace)
  expect(exitCode).toBe(0)
  expect(readFileSync(trace, 'utf8')).toContain('«secret:key»')
  expect(readFileSync(trace, 'utf8')).not.toContain('Tell-No1')
})
