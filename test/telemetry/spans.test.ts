import { describe, expect, test } from 'vitest'
import type { Entry, RunEvent, RunStarted } from '../../core/events.ts'
import { spansOf, type Span } from '../../cli/telemetry/spans.ts'
import { otlpOf } from '../../cli/telemetry/otlp.ts'
import { usableParent } from '../../cli/traceparent.ts'
import { applied, failed, interrupted, kept, planned, resumed, satisfied, started } from '../support/events.ts'
import { undone, undoFailed, undoPlanned, undoStarted } from '../support/events.ts'
import { journalOf } from '../support/journals.ts'

/** A journal with an event every second. */
const journal = (...events: readonly RunEvent[]): readonly Entry[] =>
  journalOf(events, (index) => new Date(1000 * index)).map(({ entry }) => entry)

/** A run that was killed inside `b`, went on, was stopped, and was taken back in two goes. */
const eventful = journal(
  started('a', 'b', 'c'),
  planned('a'),
  applied('a'),
  planned('b'),
  resumed,
  planned('b'),
  applied('b'),
  interrupted,
  undoStarted('a'),
  undoPlanned('b'),
  undoStarted(),
  undone('b'),
  undoPlanned('a'),
  undoFailed('a'),
  undoStarted(),
  kept('a'),
)

const briefly = (spans: readonly Span[]) =>
  spans.map(({ name, startMs, endMs, attributes, error, endedBy }) => {
    const result = attributes['cicd.pipeline.result'] ?? attributes['nsnet.step.outcome']
    return `${name} ${startMs / 1000}–${endMs / 1000} ${result}${error ? ' (error)' : ''}${endedBy ? '' : ' …'}`
  })

test('a journal becomes a span for each run, resume and undo, and in it one for each effect on a step', () => {
  expect(briefly(spansOf(eventful))).toEqual([
    'plan a 0–1 planned',
    'apply a 1–2 applied',
    'plan b 2–3 planned',
    'apply b 3–3 unknown (error)',
    'RUN test 0–3 error (error)',
    'plan b 4–5 planned',
    'apply b 5–6 applied',
    'plan c 6–7 interrupted',
    'RESUME test 4–7 cancellation',
    'plan undo b 8–9 planned',
    'undo b 9–9 unknown (error)',
    'UNDO test 8–9 error (error)',
    'plan undo b 10–11 undone',
    'plan undo a 11–12 planned',
    'undo a 12–13 failed (error)',
    'UNDO test 10–13 failure (error)',
    'plan undo a 14–15 kept',
    'UNDO test 14–15 success',
  ])
})

test('the spans form one tree, and each id is there once', () => {
  const spans = spansOf(eventful)
  const ids = spans.map(({ spanId }) => spanId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
  const root = spans.find(({ name }) => name === 'RUN test')!
  expect(root.parentSpanId).toBeUndefined()
  for (const { phase, name, parentSpanId } of spans.filter((span) => span !== root)) {
    const parent = spans.find(({ spanId }) => spanId === parentSpanId)
    expect({ name, phase: parent?.phase, root: phase ? parent === root : true }).toEqual({
      name,
      phase: true,
      root: true,
    })
  }
})

test('what has ended is the same span however the journal goes on', () => {
  const whole = new Map(spansOf(eventful).map((span) => [span.spanId, span]))
  for (let length = 1; length <= eventful.length; length++) {
    const spans = spansOf(eventful.slice(0, length))
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length)
    const ended = spans.filter(({ endedBy }) => endedBy !== undefined)
    expect(ended).toEqual(ended.map(({ spanId }) => whole.get(spanId)))
    for (const { spanId } of spans) expect(whole.has(spanId)).toBe(true)
  }
})

test('a repair is a span of its own', () => {
  const repaired: RunEvent = { type: 'RepairStarted', steps: ['a'] }
  const spans = spansOf(journal(started('a', 'b'), applied('a'), satisfied('b'), repaired, planned('a'), applied('a')))
  expect(briefly(spans.slice(-3))).toEqual(['plan a 3–4 planned', 'apply a 4–5 applied', 'REPAIR test 3–5 success'])
})

test('another run of the same workflow has other ids', () => {
  const spans = [
    ...spansOf(journal(started('a'), satisfied('a'))),
    ...spansOf(journal({ ...started('a'), run: 'r2' }, satisfied('a'))),
  ]
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(4)
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(2)
})

test('a journal that holds nothing gives no spans', () => expect(spansOf([])).toEqual([]))

describe('TRACEPARENT', () => {
  const parent = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`
  test('is the parent of the run', () => {
    const spans = spansOf(journal({ ...started('a'), traceparent: parent } as RunStarted, satisfied('a')))
    expect(spans.map(({ traceId }) => traceId)).toEqual(['a1'.repeat(16), 'a1'.repeat(16)])
    expect(spans.find(({ phase }) => phase)?.parentSpanId).toBe('b2'.repeat(8))
  })
  test('that names no span counts for nothing', () => {
    expect(usableParent(parent)).toBe(parent)
    for (const wrong of [undefined, '', 'x', `ff${parent.slice(2)}`, parent.replaceAll('a1', '00'), `${parent}-`])
      expect(usableParent(wrong)).toBeUndefined()
  })
})

describe('OTLP/JSON', () => {
  const failure = {
    message: 'no',
    command: { argv: ['ip', 'link', 'add'] },
    output: { stdout: '', stderr: 'no', exitCode: 2, timedOut: false, durationMs: 1 },
  }
  const entries = journal(started('a', 'b'), planned('a'), applied('a'), planned('b'), {
    ...failed('b'),
    failure,
  } as RunEvent)
  const first = entries[0]!.event as RunStarted
  const env = { OTEL_SERVICE_NAME: 'lab', OTEL_RESOURCE_ATTRIBUTES: 'team=net%20work,service.name=x, broken' }
  const document = JSON.parse(otlpOf([{ started: first, spans: spansOf(entries) }], env))

  test('has ids in hex, times and integers as texts, and typed values', () => {
    const { spans } = document.resourceSpans[0].scopeSpans[0]
    expect(spans).toHaveLength(5)
    for (const { traceId, spanId, startTimeUnixNano, endTimeUnixNano, name } of spans) {
      expect({ traceId, spanId, startTimeUnixNano, endTimeUnixNano, name }).toEqual({
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        startTimeUnixNano: expect.stringMatching(/^\d+$/),
        endTimeUnixNano: expect.stringMatching(/^\d+$/),
        name: expect.any(String),
      })
    }
    expect(spans[3]).toMatchObject({
      name: 'apply b',
      kind: 1,
      startTimeUnixNano: '3000000000',
      endTimeUnixNano: '4000000000',
      status: { code: 2, message: 'no' },
      attributes: expect.arrayContaining([
        { key: 'cicd.pipeline.task.name', value: { stringValue: 'b' } },
        { key: 'nsnet.step.type', value: { stringValue: 'netns' } },
        { key: 'nsnet.commands', value: { arrayValue: { values: [{ stringValue: 'true' }] } } },
        { key: 'cicd.pipeline.task.run.result', value: { stringValue: 'failure' } },
        { key: 'error.type', value: { stringValue: 'command_failed' } },
        { key: 'process.exit.code', value: { intValue: '2' } },
      ]),
    })
    expect(spans[4]).toMatchObject({ name: 'RUN test', kind: 2, status: { code: 2, message: 'no' } })
  })

  test('names the service as the environment says, and the run', () =>
    expect(document.resourceSpans[0].resource.attributes).toEqual(
      expect.arrayContaining([
        { key: 'service.name', value: { stringValue: 'lab' } },
        { key: 'team', value: { stringValue: 'net work' } },
        { key: 'cicd.pipeline.run.id', value: { stringValue: 'r1' } },
        { key: 'host.name', value: { stringValue: 'lab' } },
      ]),
    ))
})
