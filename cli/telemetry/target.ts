import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { NsnetError } from '../../core/errors.ts'
import { OTLP_BEGINS, pairsIn } from './otlp.ts'

/** Where spans go. */
export type Target = { readonly file: string } | Endpoint

/** A server that takes spans by HTTP. */
export interface Endpoint {
  readonly url: URL
  readonly headers: { readonly [name: string]: string }
  readonly timeoutMs: number
}

/** What `--trace` was given: a file; `true` or `otlp` for the endpoint of the environment; undefined without it. */
export type TraceOption = string | true | undefined

/** How long an endpoint may take for an answer, in milliseconds, when OTEL_EXPORTER_OTLP_TIMEOUT says nothing. */
const TIMEOUT_MS = 3_000

/**
 * Finds where `--trace` leads, before anything is done.
 *
 * @throws USAGE when there is no endpoint, or the file cannot be one for spans: a word without a dot or slash was meant as
 *   something else, and what is there and holds no spans is not overwritten
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function targetOf(option: TraceOption, env: NodeJS.ProcessEnv): Target | undefined {
  if (option === undefined) return undefined
  return option === true || option === 'otlp' ? endpointIn(env) : fileAt(option)
}

function endpointIn(env: NodeJS.ProcessEnv): Target {
  const both = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`]
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT']
  const whole = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || (base && `${base.replace(/\/+$/, '')}/v1/traces`)
  if (!whole) {
    const message = 'expected --trace FILE, or OTEL_EXPORTER_OTLP_ENDPOINT in the environment, got neither'
    throw new NsnetError('USAGE', message, 'for example: --trace trace.json')
  }
  const timeout = Number(both('TIMEOUT') ?? '')
  return { url: urlOf(whole), headers: headersIn(both('HEADERS')), timeoutMs: timeout > 0 ? timeout : TIMEOUT_MS }
}

/** What fetch() says of a header that cannot be one holds its value, which is a secret as a rule. */
function headersIn(text: string | undefined): Endpoint['headers'] {
  const headers = pairsIn(text)
  try {
    return Object.fromEntries(new Headers(headers))
  } catch {
    const message = 'expected OTEL_EXPORTER_OTLP_HEADERS with NAME=VALUE,NAME=VALUE, got what cannot be a header'
    throw new NsnetError('USAGE', message, 'values are encoded as in URLs')
  }
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url
  const message = 'expected OTEL_EXPORTER_OTLP_ENDPOINT with an http or https URL without a user name, got another text'
  throw new NsnetError('USAGE', message, 'what proves who sends goes into OTEL_EXPORTER_OTLP_HEADERS')
}

function fileAt(name: string): Target {
  const file = resolve(name)
  if (!/[./]/.test(name)) {
    throw wrong(
      `expected --trace with a file name such as trace.json, got "${name}"`,
      `write it as ./${name} if you mean a file`,
    )
  }
  if (!statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory()) {
    throw wrong(
      `expected --trace with a file in a directory that is there, got "${name}"`,
      `make it: mkdir ${dirname(file)}`,
    )
  }
  const found = statSync(file, { throwIfNoEntry: false })
  if (
    found?.isDirectory() ||
    (found?.isFile() && found.size > 0 && !readFileSync(file, 'utf8').startsWith(OTLP_BEGINS))
  ) {
    throw wrong(`expected --trace with a new file, or one with spans, got "${name}"`, 'name another file')
  }
  return { file }
}

const wrong = (message: string, hint: string): NsnetError => new NsnetError('USAGE', message, hint)
