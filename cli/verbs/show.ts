import { NsnetError } from '../../core/errors.ts'
import type { Entry } from '../../core/events.ts'
import { replay, type Moment } from '../../core/machine.ts'
import { didYouMean } from '../../core/near.ts'
import { listed } from '../../core/problems.ts'
import type { Store } from '../../journal/store.ts'
import { counts, nextSteps } from '../render.ts'
import { storeFor } from '../session.ts'
import { affectedBy } from '../show/affected.ts'
import { documentOf } from '../show/document.ts'
import { headRows, pastRows } from '../show/head.ts'
import { outcomeOf, stepRows } from '../show/step.ts'
import { stateOf } from '../state.ts'
import { asJson, type Terminal } from '../terminal.ts'

export interface ShowOptions {
  /** The number of the event up to which the journal is folded. */
  readonly at?: string
  /** Only this step, and all of it. */
  readonly step?: string
}

/** `nsnet show [RUN]`: where a run stands or stood, at a glance; with `-v` or `--step` everything about its steps. */
export async function show(terminal: Terminal, name: string, { at, step }: ShowOptions): Promise<number> {
  const store = await storeFor(terminal.options)
  const summary = await store.find(name)
  const all = await entriesOf(store, summary.id)
  const entries = at === undefined ? all : all.slice(0, seqIn(at, all))
  const moment = replay(entries.map(({ event }) => event))
  if (step !== undefined) expectStep(step, moment)
  if (terminal.options.json) {
    terminal.out(asJson(documentOf(moment, entries, at === undefined ? undefined : all.length, step)))
    return 0
  }
  const present = at === undefined
  const affected = present ? await affectedBy(store, moment) : []
  const head = present
    ? headRows(terminal, moment.run, await stateOf(store, summary), entries, affected)
    : pastRows(terminal, moment, entries, all.length)
  for (const line of [...head, ...stepsOf(terminal, moment, entries, step)]) terminal.out(line)
  if (step === undefined) terminal.out(counts(moment.run))
  const next = present ? nextSteps(moment, terminal.options) : [`now: nsnet show ${summary.id}`]
  if (step === undefined || !present) for (const line of next) terminal.out(`  ${line}`)
  return 0
}

function stepsOf(
  terminal: Terminal,
  { run }: Moment,
  entries: readonly Entry[],
  only: string | undefined,
): readonly string[] {
  const whole = only !== undefined || terminal.options.verbose
  return (only === undefined ? [...run.steps.keys()] : [only]).flatMap((id) => [
    ...outcomeOf(terminal, run, id, whole ? 'all' : 'beginning'),
    ...(whole ? stepRows(terminal, run, id, entries) : []),
  ])
}

async function entriesOf(store: Store, id: string): Promise<readonly Entry[]> {
  const { entries } = await store.read(id)
  if (entries.length > 0) return entries
  throw new NsnetError('RUN_NOT_FOUND', `the journal of run ${id} holds nothing yet`)
}

function seqIn(text: string, { length }: readonly Entry[]): number {
  const seq = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (seq >= 1 && seq <= length) return seq
  const message = `expected --at with the number of an event, from 1 to ${length}, got "${text}"`
  throw new NsnetError('USAGE', message, 'nsnet log RUN lists the events with their numbers')
}

function expectStep(id: string, { run }: Moment): void {
  const ids = [...run.steps.keys()]
  if (run.steps.has(id)) return
  const message = `expected --step with a step of run ${run.started.run}, got "${id}"`
  throw new NsnetError('USAGE', message, didYouMean(id, ids) ?? `its steps are ${listed(ids)}`)
}
