import type { RunEvent, StepPlanned } from '../../core/events.ts'
import type { Given } from '../../core/given.ts'
import { replay } from '../../core/moment.ts'
import type { Registry } from '../../core/registry.ts'
import type { Run, StepRecord } from '../../core/run.ts'
import type { Context } from '../../core/step.ts'
import { secretsFor } from '../../library/run-secrets.ts'
import { registryOfRun } from '../../library/plugins.ts'
import { storeFor } from '../session.ts'
import type { GlobalOptions } from '../terminal.ts'
import { backOf, checkOf, expectNoSecrets, noteOf, type Part, type Script } from './script.ts'

/**
 * Makes a script of what a run has done, or of the way back that its journal holds. The kernel is not looked at.
 *
 * @throws NOT_EXPORTABLE when a step was given a secret; RUN_NOT_FOUND, RUN_AMBIGUOUS, JOURNAL_BROKEN
 */
export async function scriptOfRun(options: GlobalOptions, name: string, undo: boolean): Promise<Script> {
  const store = await storeFor(options)
  const { id } = await store.find(name)
  const events = (await store.entries(id)).map(({ event }) => event)
  const { run } = replay(events)
  const { started, steps } = run
  expectNoSecrets(started, [started.steps, ...steps.values()], `let nsnet do it: nsnet resume ${id}, nsnet undo ${id}`)
  const isUndone = ![...steps.values()].some(({ open }) => open)
  const site = { run, isUndone, stepOf: (await registryOfRun(started, [])).stepOf }
  const intents = intentsIn(events)
  // the journal of a run with secrets marks also texts that only look like a secret's marker
  const { reveal } = secretsFor(started, nothingGiven).secrets
  const all = [...steps.values()].map((record) => reveal({ record, intent: intents.get(record.spec.id) }))
  const parts = undo
    ? all.toReversed().map(({ record, intent }) => backPart(site, record, intent))
    : all.map(({ record, intent }) => part(site, record, intent))
  const asked = [id, ...(options.stateDir === undefined ? [] : ['--state-dir', options.stateDir])]
  return { started, asked, of: 'run', undo, parts }
}

const nothingGiven: Given = { texts: {}, values: {}, environment: {} }

type Intent = Pick<StepPlanned, 'apply' | 'undo'>

/**
 * Finds what each step set out to do when it was planned first: where nsnet was stopped inside the step, or it was repaired,
 * later plans hold only the rest of it.
 */
export function intentsIn(events: readonly RunEvent[]): ReadonlyMap<string, Intent> {
  const intents = new Map<string, Intent>()
  const closed = new Set<string>()
  for (const event of events) {
    if (event.type === 'RunResumed' && event.facts) intents.clear()
    if (event.type === 'StepSatisfied') intents.delete(event.step)
    if (event.type === 'StepUndone') closed.add(event.step)
    if (event.type !== 'StepPlanned' || (intents.has(event.step) && !closed.has(event.step))) continue
    intents.set(event.step, event)
    closed.delete(event.step)
  }
  return intents
}

interface Site {
  readonly run: Run
  /** Nothing is left of the run: then its way back is that of the script of what it has done. */
  readonly isUndone: boolean
  readonly stepOf: Registry['stepOf']
}

function part({ run, stepOf }: Site, record: StepRecord, intent: Intent | undefined): Part {
  const { spec, status, after, input } = record
  if (after === undefined && status !== 'satisfied') return noteOf(spec, `not done: ${status}`)
  if (intent) return { spec, commands: intent.apply }
  const step = stepOf(spec.uses)
  return step?.onlyLooks === true
    ? checkOf(spec, step, input, contextOf(run, record))
    : noteOf(spec, 'held already: nothing was done')
}

function backPart({ run, isUndone, stepOf }: Site, record: StepRecord, intent: Intent | undefined): Part {
  const { spec, status, open, after, undo, input } = record
  const isThere = open || (isUndone && after !== undefined)
  if (!isThere || !intent) return noteOf(spec, `nothing of it to take back: ${status}`)
  const step = stepOf(spec.uses)
  const isKnown = after !== undefined && step?.commentOfHandle === undefined
  return backOf(spec, isKnown ? (undo ?? []) : intent.undo, step, input, contextOf(run, record))
}

const contextOf = ({ started }: Run, { spec }: StepRecord): Context => ({
  run: started.run,
  step: spec.id,
  facts: started.facts,
})
