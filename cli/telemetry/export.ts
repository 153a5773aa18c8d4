import { writeFile } from 'node:fs/promises'
import { NsnetError } from '../../core/errors.ts'
import { replay } from '../../core/moment.ts'
import type { Entry, RunStarted } from '../../core/events.ts'
import { quote } from '../../core/quote.ts'
import { defaultStateDir, type Store } from '../../journal/store.ts'
import { otlpOf } from './otlp.ts'
import { spansOf, type Span } from './spans.ts'
import { placeOf, post } from './post.ts'
import type { Endpoint, Target } from './target.ts'

/** Spans that are sent at once; SDKs have the same limit. */
const BATCH = 512

/**
 * Writes the spans of some runs to a file, anew; or sends those to an endpoint that have ended since the last time, in the
 * order of their ends. What was sent is noted beside the journal, so that no later resume, undo or export sends it again.
 * Gives the number of spans.
 *
 * @throws TRACE_FAILED
 */
export async function exportSpans(store: Store, target: Target, ids: readonly string[]): Promise<number> {
  const runs = await Promise.all(ids.map(async (id) => runOf(await store.entries(id))))
  if ('file' in target) {
    const text = otlpOf(runs, process.env)
    await writeFile(target.file, text, { mode: 0o600 }).catch((error: Error) => {
      throw new NsnetError('TRACE_FAILED', `cannot write the trace: ${error.message}`, again(store, ids, target.file))
    })
    return runs.reduce((sum, { spans }) => sum + spans.length, 0)
  }
  let count = 0
  for (const { started, spans } of runs) count += await sendNew(store, target, started, spans)
  return count
}

function runOf(entries: readonly Entry[]): { readonly started: RunStarted; readonly spans: readonly Span[] } {
  const { started } = replay(entries.slice(0, 1).map(({ event }) => event)).run
  return { started, spans: spansOf(entries) }
}

async function sendNew(store: Store, endpoint: Endpoint, started: RunStarted, all: readonly Span[]): Promise<number> {
  const place = placeOf(endpoint)
  const sent = await store.sent(started.run)
  const fresh = all.filter(({ endedBy }) => endedBy !== undefined && endedBy > (sent[place] ?? 0))
  for (let rest = fresh.toSorted((a, b) => a.endedBy! - b.endedBy!); rest.length > 0;) {
    const last = rest[Math.min(BATCH, rest.length) - 1]!.endedBy!
    const batch = rest.filter(({ endedBy }) => endedBy! <= last)
    const refused = await post(endpoint, otlpOf([{ started, spans: batch }], process.env)).catch((error: Error) => {
      const message = `cannot send the trace to ${place}: ${error.message}`
      throw new NsnetError('TRACE_FAILED', message, again(store, [started.run], 'otlp'))
    })
    await store.noteSent(started.run, { ...sent, [place]: last })
    if (refused !== undefined) throw new NsnetError('TRACE_FAILED', `${place} took the trace only in part: ${refused}`)
    rest = rest.slice(batch.length)
  }
  return fresh.length
}

/** The commands that write or send the spans of these runs again. */
function again({ dir }: Store, ids: readonly string[], where: string): string {
  const state = dir === defaultStateDir(process.env) ? '' : ` --state-dir ${quote(dir)}`
  return ids.map((id) => `nsnet log ${id} --trace ${quote(where)}${state}`).join('\n  ')
}
