import type { Command } from '../command.ts'
import type { Failure, RunStarted, StepSpec } from '../events.ts'
import type { Json } from '../json.ts'
import { lookWith, type Look } from '../look.ts'
import { note } from '../note.ts'
import type { Looking } from '../ports.ts'
import { neededBy, readsOutputs } from '../resolve.ts'
import { begin, stepOf, type Run } from '../run.ts'
import { probesOf, type Change, type Earlier, type Plan, type Step } from '../step.ts'
import { earlierSteps, type EarlierSteps } from './earlier-steps.ts'
import { waitsOf, type Waits } from './patience.ts'
import { expectNetns, troubleOf } from './plan-once.ts'
import { conditionReason, withoutIt } from './skips.ts'
import { asEarlier, failureOf, outputsIn, subjectOf, unlessInTrouble, type Subject } from './subject.ts'

/** What a step would do, as far as it can be told before it is its turn. */
export interface Ahead {
  readonly step: string
  readonly uses: string
  /**
   * - `make`: nothing of it is there. `change`: something that is there gets another value. `satisfied`: it holds already.
   * - `conflict`: something is in the way. `later`: known only when earlier steps have run; `reason` says why.
   * - `check`: it only looks, at its turn, by the commands in `probes`. `skipped`: it is left out; `reason` says why.
   */
  readonly outcome: 'make' | 'change' | 'satisfied' | 'conflict' | 'later' | 'check' | 'skipped'
  readonly input?: Json
  readonly before?: Json
  readonly probes?: readonly Command[]
  readonly apply: readonly Command[]
  readonly undo: readonly Command[]
  readonly changes: readonly Change[]
  readonly reason?: string
  readonly hint?: string
  /** How long it may wait, where it waits by itself in each of several tries. */
  readonly waits?: Waits
}

/**
 * Plans all steps of a run that has not begun, each on what is there now and on what the steps before it will have made.
 * Changes nothing.
 */
export async function planAhead(looking: Looking, started: RunStarted): Promise<readonly Ahead[]> {
  const site = { looking, look: lookWith(looking.exec), run: begin(started), earlier: earlierSteps() }
  const all: Ahead[] = []
  for (const spec of started.steps) {
    const ahead = await aheadOf(site, spec)
    if (ahead.outcome === 'conflict' && spec.onFailure === 'continue') noteFailure(site.run, ahead)
    all.push(ahead)
  }
  return all
}

interface Site {
  readonly looking: Looking
  readonly look: Look
  readonly run: Run
  readonly earlier: EarlierSteps
}

async function aheadOf(site: Site, spec: StepSpec): Promise<Ahead> {
  const { run, looking, earlier } = site
  const reason = skipReasonAhead(site, spec)
  if (reason !== undefined) {
    note(run, { type: 'StepSkipped', step: spec.id, reason })
    return { ...empty(spec), outcome: 'skipped', reason }
  }
  const unknown = readsOutputs([spec.with, spec.if ?? true]).filter((id) => run.steps.get(id)?.outputs === undefined)
  if (unknown.length > 0) {
    earlier.doubt(spec.id)
    return later(spec, `known when ${unknown.join(', ')} has run`)
  }
  try {
    const subject = await subjectOf(looking, run, spec.id)
    return { ...(await outcomeOf(site, spec, subject)), input: subject.input as Json }
  } catch (error) {
    earlier.doubt(spec.id)
    return inConflict(spec, failureOf(error))
  }
}

/** Says why a step will be left out, as far as that is known. */
function skipReasonAhead({ run, looking }: Site, spec: StepSpec): string | undefined {
  const missing = neededBy(spec).find((id) => /^(skipped|failed)$/.test(stepOf(run, id).status))
  if (missing !== undefined) return withoutIt(missing, stepOf(run, missing).status)
  const isKnown = readsOutputs(spec.if ?? true).every((id) => run.steps.get(id)?.outputs !== undefined)
  return isKnown ? unlessInTrouble(() => conditionReason(run, looking.secrets, spec)) : undefined
}

async function outcomeOf(site: Site, spec: StepSpec, subject: Subject): Promise<Ahead> {
  const { step, input, context, resources, uses } = subject
  const { earlier, look } = site
  if (step.onlyLooks === true) {
    const [probes, waits] = [probesOf(step, input, context), waitsOf(subject)]
    return { ...empty(spec), outcome: 'check', probes, ...(waits && { waits }) }
  }
  const itself = asEarlier(subject)
  if (step.alone === true && earlier.last !== undefined) return unknownAfter(site, spec, itself, earlier.last)
  const absent = new Set(uses.filter(earlier.makesNetns))
  if (absent.size < uses.length) expectNetns(subject, { ...(await look.netns()), ...namesOf(absent) })
  const seen = await look.observe(step, input, context, absent)
  const { state, stopped } = earlier.foretell(step, input, seen, resources)
  if (stopped !== undefined) return unknownAfter(site, spec, itself, stopped)
  const planned = step.plan(input, state, context)
  if (planned.conflict !== undefined && earlier.doubted !== undefined)
    return later(spec, `depends on what ${earlier.doubted} makes`)
  const ahead = described(spec, subject, state, planned)
  // what the kernel gives to what an earlier step makes (an inode, an ifindex) is not known yet
  if (ahead.outcome === 'satisfied' && state === seen) noteOutputs(site.run, subject, state)
  if (ahead.outcome !== 'satisfied') add(site, step, itself)
  return ahead
}

/** Says of a step that it depends on what an earlier one makes. */
function unknownAfter(site: Site, spec: StepSpec, itself: Earlier, made: string): Ahead {
  add(site, site.looking.stepOf(spec.uses), itself)
  return later(spec, `depends on what ${made} makes`)
}

/** Has later steps see what a step makes; of one that does not tell all that it changes, they see little. */
function add({ earlier }: Site, step: Step | undefined, itself: Earlier): void {
  earlier.add(itself)
  if (step?.alone === true) earlier.doubt(itself.step)
}

function described(spec: StepSpec, { step, input, resources }: Subject, before: Json, planned: Plan): Ahead {
  if (planned.conflict !== undefined) return { ...inConflict(spec, troubleOf(planned)), before }
  const { apply, undo } = planned
  if (apply.length === 0) return { ...empty(spec), outcome: 'satisfied', before }
  const changes = step.changes?.(input, before) ?? []
  const makes = (resources.creates ?? []).length > 0 && changes.every(({ from }) => from === null)
  return { ...empty(spec), outcome: makes ? 'make' : 'change', before, apply, undo, changes }
}

const empty = ({ id, uses }: StepSpec) => ({ step: id, uses, apply: [], undo: [], changes: [] })

const inConflict = (spec: StepSpec, { message, hint }: Failure): Ahead => ({
  ...empty(spec),
  outcome: 'conflict',
  reason: message,
  ...(hint === undefined ? {} : { hint }),
})

const later = (spec: StepSpec, reason: string): Ahead => ({ ...empty(spec), outcome: 'later', reason })

/** The run goes on without it: what needs it is left out. */
const noteFailure = (run: Run, { step, reason = '' }: Ahead): void =>
  note(run, { type: 'StepFailed', step, failure: { message: reason }, continues: true })

function noteOutputs(run: Run, { step, input, context, resources }: Subject, state: Json): void {
  const outputs = outputsIn(step, state, input)
  note(run, { type: 'StepSatisfied', step: context.step, input: input as Json, resources, outputs, durationMs: 0 })
}

/** Stands for the netns that earlier steps make: they are there when it is this step's turn. */
const namesOf = (netns: ReadonlySet<string>) =>
  Object.fromEntries([...netns].map((name) => [name, { inode: 0, made: '' }]))
