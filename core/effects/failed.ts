import type { Failure, Retry, RunEvent, StepFailed, StepRetried } from '../events.ts'
import type { Ports } from '../ports.ts'
import { stepOf, type Run } from '../run.ts'

/** Says of each step that failed what becomes of it: it is tried again, the run goes on without it, or the run fails. */
export const afterFailures = (run: Run, events: readonly RunEvent[]): readonly RunEvent[] =>
  events.map((event) => (event.type === 'StepFailed' ? afterFailure(run, event) : event))

function afterFailure(run: Run, event: StepFailed): StepFailed | StepRetried {
  const { step, failure } = event
  const { spec, tried } = stepOf(run, step)
  const attempt = (tried?.attempt ?? 0) + 1
  const { retry } = spec
  if (retry && attempt <= retry.times && isAmong(retry, failure))
    return { type: 'StepRetried', step, failure, attempt, delayMs: delayOf(retry, attempt) }
  return spec.onFailure === 'continue' ? { ...event, continues: true } : event
}

/** How long it is waited at most between two tries, in milliseconds. */
const LONGEST = 3_600_000

/** How long a step waits before it is tried again, in milliseconds. */
export const delayOf = ({ delayMs, factor }: Retry, attempt: number): number =>
  Math.min(LONGEST, Math.round(delayMs * factor ** (attempt - 1)))

/** Says whether a failure says one of the texts that a step is tried again for; of what took too long, `timeout` is one. */
function isAmong({ on }: Retry, { message, hint = '', output }: Failure): boolean {
  if (!on) return true
  const said = [message, hint, output?.stderr, output?.stdout, output?.timedOut ? 'timeout' : '']
  return on.some((text) => said.some((it) => it?.includes(text)))
}

/** Waits before steps that have failed are tried again, as long as they ask for. @throws Interrupted */
export async function waitToRetry(ports: Ports, run: Run, next: readonly string[]): Promise<void> {
  const waiting = next.filter((id) => (stepOf(run, id).tried?.delayMs ?? 0) > 0)
  for (const step of waiting) {
    const { tried, failure } = stepOf(run, step)
    const { attempt, delayMs } = tried!
    ports.progress({ doing: 'wait', step, attempt, leftMs: delayMs, message: failure?.message ?? '' })
    await ports.pause(delayMs)
  }
}
