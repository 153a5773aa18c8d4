import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { exportSpans } from '../../cli/telemetry/export.ts'
import { targetOf } from '../../cli/telemetry/target.ts'
import { openStore, type Store } from '../../journal/store.ts'
import { applied, planned, resumed, started, undone, undoStarted } from '../support/events.ts'
import { linesOf } from '../support/lines.ts'
import { workspace } from '../support/runs.ts'

const { dir, stateDir } = workspace()

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly names: readonly string[]
  readonly ids: readonly string[]
}

/** Listens on this machine alone; gives what came, and its URL. */
async function collector(answer: (response: ServerResponse) => void) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const spans = JSON.parse(body).resourceSpans[0].scopeSpans[0].spans as { name: string; spanId: string }[]
      const [names, ids] = [spans.map(({ name }) => name), spans.map(({ spanId }) => spanId)]
      received.push({ path: request.url ?? '', headers: request.headers, names, ids })
      answer(response)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const accept = (response: ServerResponse): void => void response.end('{}')

/** Adds events to the run `r1`, which begins with the first of them. */
async function add(store: Store, ...events: readonly RunEvent[]): Promise<void> {
  const journal = events[0]?.type === 'RunStarted' ? await store.create('r1') : (await store.open('r1')).journal
  await journal.append(events)
  await journal.close()
}

const endpoint = (url: string, more: NodeJS.ProcessEnv = {}) =>
  targetOf('otlp', { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...more })!

test('an endpoint gets each span once, when it has ended, with the headers of the environment', async () => {
  const store = await openStore(stateDir())
  const { received, url } = await collector(accept)
  const target = endpoint(`${url}/base/`, { OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b,x=y' })
  await add(store, started('a', 'b'), planned('a'), applied('a'), planned('b'))
  expect(await exportSpans(store, target, ['r1'])).toBe(3)
  expect(await exportSpans(store, target, ['r1'])).toBe(0)
  await add(store, resumed, planned('b'), applied('b'))
  expect(await exportSpans(store, target, ['r1'])).toBe(5)
  await add(store, undoStarted(), undone('b'), undone('a'))
  expect(await exportSpans(store, target, ['r1'])).toBe(3)
  expect(received.map(({ names }) => names)).toEqual([
    ['plan a', 'apply a', 'plan b'],
    ['apply b', 'RUN test', 'plan b', 'apply b', 'RESUME test'],
    ['plan undo b', 'plan undo a', 'UNDO test'],
  ])
  const ids = received.flatMap((request) => request.ids)
  expect(new Set(ids).size).toBe(ids.length)
  expect(received[0]).toMatchObject({
    path: '/base/v1/traces',
    headers: { 'content-type': 'application/json', 'api-key': 'a b', x: 'y' },
  })
  const other = await collector(accept)
  const whole = targetOf(true, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${other.url}/here` })!
  expect(await exportSpans(store, whole, ['r1'])).toBe(11)
  expect(other.received[0]!.path).toBe('/here')
})

test('many spans go in several requests', async () => {
  const store = await openStore(stateDir())
  const { received, url } = await collector(accept)
  const ids = Array.from({ length: 700 }, (_, n) => `s${n}`)
  const steps = ids.flatMap((id) => [planned(id), applied(id)])
  mkdirSync(join(store.dir, 'runs'), { recursive: true, mode: 0o700 })
  writeFileSync(store.journalPath('r1'), linesOf([started(...ids), ...steps]))
  expect(await exportSpans(store, endpoint(url), ['r1'])).toBe(1401)
  expect(received.map(({ names }) => names.length)).toEqual([512, 512, 377])
})

test('a failure is told with what to type, and what was not taken is sent the next time', async () => {
  const store = await openStore(stateDir())
  await add(store, started('a'), planned('a'), applied('a'))
  const nobody = await collector(accept)
  const port = Number(new URL(nobody.url).port)
  const again = `nsnet log r1 --trace otlp --state-dir ${store.dir}`
  for (const [answer, why] of [
    [(it: ServerResponse) => void it.writeHead(503).end('busy'), 'it answered 503 Service Unavailable busy'],
    [(it: ServerResponse) => void it.writeHead(302, { location: nobody.url }).end(), 'it answered 302 Found'],
    [(it: ServerResponse) => void it, 'no answer within 200 ms'],
    [(it: ServerResponse) => void it.destroy(), 'other side closed'],
  ] as const) {
    const { url } = await collector(answer)
    const target = endpoint(url, { OTEL_EXPORTER_OTLP_TIMEOUT: '200' })
    const message = `cannot send the trace to ${url}/v1/traces: ${why}`
    await expect(exportSpans(store, target, ['r1'])).rejects.toMatchObject({
      code: 'TRACE_FAILED',
      message,
      hint: again,
    })
  }
  expect(nobody.received).toEqual([])
  expect(await exportSpans(store, endpoint(`http://127.0.0.1:${port}`), ['r1'])).toBe(3)
  const partly = await collector((it) => void it.end('{"partialSuccess":{"rejectedSpans":"2","errorMessage":"why"}}'))
  await expect(exportSpans(store, endpoint(partly.url), ['r1'])).rejects.toMatchObject({
    message: `${partly.url}/v1/traces took the trace only in part: 2 spans were refused: why`,
  })
})

test('a file is written anew and holds each span once, those that still go on too', async () => {
  const store = await openStore(stateDir())
  const file = join(dir, 'trace.json')
  const namesIn = (): readonly string[] =>
    JSON.parse(readFileSync(file, 'utf8')).resourceSpans[0].scopeSpans[0].spans.map(
      ({ name }: { name: string }) => name,
    )
  await add(store, started('a'), planned('a'))
  await exportSpans(store, targetOf(file, {})!, ['r1'])
  expect(namesIn()).toEqual(['plan a', 'apply a', 'RUN test'])
  await add(store, resumed, planned('a'), applied('a'))
  await exportSpans(store, targetOf(file, {})!, ['r1'])
  expect(namesIn()).toEqual(['plan a', 'apply a', 'RUN test', 'plan a', 'apply a', 'RESUME test'])
})

test('where --trace leads nowhere, it is refused before anything is done', () => {
  writeFileSync(join(dir, 'workflow.json'), '{ "name": "mine" }')
  const secret = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h', OTEL_EXPORTER_OTLP_HEADERS: 'api-key=mine%0Asecret' }
  for (const [option, env, message] of [
    [true, {}, /OTEL_EXPORTER_OTLP_ENDPOINT/],
    ['otlp', { OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, /http or https URL/],
    ['otlp', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:pass@h' }, /^(?!.*pass)/],
    ['otlp', secret, /^(?!.*mine)/],
    ['last', {}, /such as trace\.json, got "last"/],
    [join(dir, 'workflow.json'), {}, /a new file, or one with spans/],
    [dir, {}, /a new file/],
    [join(dir, 'no/trace.json'), {}, /a directory that is there/],
  ] as const)
    expect(() => targetOf(option, env)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }),
    )
  expect(targetOf(undefined, {})).toBeUndefined()
})
