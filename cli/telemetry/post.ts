import packageJson from '../../package.json' with { type: 'json' }
import type { Endpoint } from './target.ts'

/** Names an endpoint for people, without what may be secret in its URL. */
export const placeOf = ({ url }: Endpoint): string => `${url.origin}${url.pathname}`

/** Sends spans; says what the endpoint refused of them for good. @throws what went wrong, in words */
export async function post({ url, headers, timeoutMs }: Endpoint, body: string): Promise<string | undefined> {
  const own = { 'content-type': 'application/json', 'user-agent': `nsnet/${packageJson.version}` }
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { ...headers, ...own },
    // what the headers prove is for this endpoint alone
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: Error) => {
    throw new Error(error.name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : reasonOf(error))
  })
  const text = await answer.text().catch(() => '')
  if (answer.ok) return refusalIn(text)
  throw new Error(`it answered ${answer.status} ${answer.statusText} ${text.slice(0, 200)}`.trim())
}

/** @see https://opentelemetry.io/docs/specs/otlp/#partial-success-1 */
function refusalIn(answer: string): string | undefined {
  try {
    const { partialSuccess } = JSON.parse(answer) as { readonly partialSuccess?: Partial<Refusal> }
    const { rejectedSpans = 0, errorMessage = '' } = partialSuccess ?? {}
    return Number(rejectedSpans) > 0 ? `${Number(rejectedSpans)} spans were refused: ${errorMessage}` : undefined
  } catch {
    return undefined
  }
}

interface Refusal {
  readonly rejectedSpans: number | string
  readonly errorMessage: string
}

const reasonOf = ({ cause, message }: Error): string => (cause instanceof Error && cause.message) || message
