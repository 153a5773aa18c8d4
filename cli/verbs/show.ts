import { NsnetError } from '../../core/errors.ts'
import type { Moment } from '../../core/moment.ts'
import { didYouMean } from '../../core/near.ts'
import { listed } from '../../core/problems.ts'
import { summaryOf } from '../../journal/summaries.ts'
import { counts, nextSteps, outputLines } from '../render.ts'
import { storeFor } from '../session.ts'
import { affectedBy } from '../show/affected.ts'
import { documentOf } from '../show/document.ts'
import { headRows, pastRows } from '../show/head.ts'
import { outcomeOf, stepRows } from '../show/step.ts'
import { storyOf, type Story } from '../show/story.ts'
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
  const { id } = await store.find(name)
  const { json, verbose } = terminal.options
  const story = await storyOf(store, id, at, (of) => of === step || (step === undefined && verbose === true && !json))
  const { moment, first, now } = story
  if (step !== undefined) expectStep(step, moment)
  const present = at === undefined
  if (json) {
    terminal.out(asJson(documentOf(story, !present, step)))
    return 0
  }
  const summary = summaryOf({ moment, startedAt: first.at, changedAt: now.at })
  const head = present
    ? headRows(terminal, story, await stateOf(store, summary), await affectedBy(store, moment))
    : pastRows(terminal, story)
  for (const line of [...head, ...stepsOf(terminal, story, step)]) terminal.out(line)
  if (step === undefined) for (const line of [counts(moment.run), ...outputLines(terminal, moment)]) terminal.out(line)
  const next = present ? nextSteps(moment, terminal.options) : [`now: nsnet show ${id}`]
  if (step === undefined || !present) for (const line of next) terminal.out(`  ${line}`)
  return 0
}

function stepsOf(terminal: Terminal, { moment: { run }, ofStep }: Story, only: string | undefined): readonly string[] {
  const whole = only !== undefined || terminal.options.verbose
  return (only === undefined ? [...run.steps.keys()] : [only]).flatMap((id) => [
    ...outcomeOf(terminal, run, id, whole ? 'all' : 'beginning'),
    ...(whole ? stepRows(terminal, run, id, ofStep.get(id) ?? []) : []),
  ])
}

function expectStep(id: string, { run }: Moment): void {
  const ids = [...run.steps.keys()]
  if (run.steps.has(id)) return
  const message = `expected --step with a step of run ${run.started.run}, got "${id}"`
  const rounds = ids.filter((it) => it.startsWith(`${id}[`))
  const hint = rounds.length > 0 ? `its rounds are ${listed(rounds)}` : didYouMean(id, ids)
  throw new NsnetError('USAGE', message, hint ?? `its steps are ${listed(ids)}`)
}
