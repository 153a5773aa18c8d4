import { setTimeout } from 'node:timers/promises'
import type { Entry } from '../../core/events.ts'
import { folding } from '../../journal/moments.ts'
import type { Store } from '../../journal/store.ts'
import { workOf } from '../../journal/summaries.ts'
import { dayLine, eventRows, logLine } from '../log-line.ts'
import { storeFor } from '../session.ts'
import { exportSpans } from '../telemetry/export.ts'
import { targetOf, type Target, type TraceOption } from '../telemetry/target.ts'
import { asJson, type Terminal } from '../terminal.ts'

/** How often `-f` looks for new events, in milliseconds. */
const EVERY_MS = 200

/** How long a run may stand still while somebody holds its lock: a resume that waited for it may be about to begin. */
const LINGER_MS = 2_000

export interface LogOptions {
  readonly follow: boolean
  /** Write or send the spans of the run instead. */
  readonly trace?: TraceOption
}

/** `nsnet log [RUN] [-f]`: the events of a run; `-f` follows those that others write until the run stands still. */
export async function log(terminal: Terminal, name: string, { follow, trace }: LogOptions): Promise<number> {
  const target = targetOf(trace, process.env)
  const store = await storeFor(terminal.options)
  const { id } = await store.find(name)
  if (target) return await tellSpans(terminal, store, id, target)
  const write = writer(terminal)
  if (follow) await followed(store, id, write)
  else await store.read(id, (entries) => entries.forEach(write))
  return 0
}

async function tellSpans(terminal: Terminal, store: Store, run: string, target: Target): Promise<number> {
  const spans = await exportSpans(store, target, [run])
  const done = 'file' in target ? 'wrote' : 'sent'
  terminal.out(terminal.options.json ? asJson({ run, spans }) : `${done} ${spans} spans of run ${run}`)
  return 0
}

/** Writes each event in its turn. */
function writer(terminal: Terminal): (entry: Entry) => void {
  let [first, before]: (Entry | undefined)[] = []
  return (entry) => {
    first ??= entry
    if (terminal.options.json) return terminal.out(JSON.stringify(entry))
    const rows = terminal.options.verbose ? eventRows(terminal, entry) : []
    for (const line of [...dayLine(terminal, entry, before), logLine(terminal, entry, first.at), ...rows])
      terminal.out(line)
    before = entry
  }
}

async function followed(store: Store, id: string, write: (entry: Entry) => void): Promise<void> {
  const tail = await store.follow(id)
  const { take, folded } = folding()
  const run = { work: workOf(await store.started(id)) }
  try {
    for (let quietSince = performance.now(); !process.stdout.destroyed;) {
      // asked before reading: what somebody wrote before they were done is read
      const busy = await store.isBusy(run)
      const entries = await tail.next()
      entries.forEach(write)
      if (entries.length > 0) take(entries)
      if (entries.length > 0) quietSince = performance.now()
      const status = folded()?.moment.status
      const moving = status === 'running' || status === 'undoing'
      if (!busy || (!moving && performance.now() - quietSince > LINGER_MS)) return
      await setTimeout(EVERY_MS)
    }
  } finally {
    await tail.close()
  }
}
