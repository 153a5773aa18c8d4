import packageJson from '../../package.json' with { type: 'json' }
import type { RunStarted } from '../../core/events.ts'
import type { Attributes } from './attributes.ts'
import type { Span } from './spans.ts'

/** The spans of one run. */
export interface RunSpans {
  readonly started: RunStarted
  readonly spans: readonly Span[]
}

/**
 * Writes spans as OTLP/JSON, in one line: ids in hex, times and integers as strings.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function otlpOf(runs: readonly RunSpans[], env: NodeJS.ProcessEnv): string {
  const scope = { name: 'nsnet', version: packageJson.version }
  const resourceSpans = runs.map(({ started, spans }) => ({
    resource: { attributes: keyValues(resourceOf(started, env)) },
    scopeSpans: [{ scope, spans: spans.map(spanOf) }],
  }))
  return `${JSON.stringify({ resourceSpans })}\n`
}

/** How every file that `otlpOf` wrote begins. */
export const OTLP_BEGINS = '{"resourceSpans":'

const INTERNAL = 1
const SERVER = 2
const ERROR = 2

function spanOf({ traceId, spanId, parentSpanId, name, phase, startMs, endMs, attributes, error }: Span): object {
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: phase ? SERVER : INTERNAL,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: keyValues(attributes),
    status: error === undefined ? {} : { code: ERROR, message: error },
  }
}

const nanoseconds = (ms: number): string => `${BigInt(ms) * 1_000_000n}`

/** @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ for what the environment says */
function resourceOf({ run, workflow, facts }: RunStarted, env: NodeJS.ProcessEnv): Attributes {
  const given = pairsIn(env['OTEL_RESOURCE_ATTRIBUTES'])
  const name = env['OTEL_SERVICE_NAME'] || given['service.name'] || 'nsnet'
  return {
    'service.version': packageJson.version,
    'host.name': facts.hostname,
    'os.type': 'linux',
    'os.version': facts.kernel,
    'cicd.pipeline.name': workflow.name,
    'cicd.pipeline.run.id': run,
    ...given,
    'service.name': name,
  }
}

/** Reads `NAME=VALUE,NAME=VALUE`, the values encoded as in URLs; what is no such pair is left out. */
export function pairsIn(text = ''): { readonly [name: string]: string } {
  const pairs = text.split(',').map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair))
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1]!, decoded(pair[2]!)]] : [])))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const keyValues = (attributes: Attributes): readonly object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }))

function valueOf(value: Attributes[string]): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return { intValue: `${value}` }
  return { arrayValue: { values: value.map(valueOf) } }
}
