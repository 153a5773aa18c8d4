import type { Exec } from '../command.ts'
import type { RunEvent, StepPlanned } from '../events.ts'
import type { Json } from '../json.ts'
import { lookWith, type Look, type NetnsIds } from '../look.ts'
import type { Moment } from '../moment.ts'
import type { Ports } from '../ports.ts'
import type { Run } from '../run.ts'
import { isDone } from '../step.ts'
import { nextOf } from './batch.ts'
import { diagnosed } from './diagnose.ts'
import { waitToRetry } from './failed.ts'
import type { Member } from './disturbance.ts'
import { foresee } from './foresee.ts'
import { inFlightBehind } from './in-flight.ts'
import { outcomeOf } from './outcome.ts'
import { patienceOf, type Patience } from './patience.ts'
import type { Performed } from './performed.ts'
import { planOnce, troubleOf, type Planned } from './plan-once.ts'
import { planTogether } from './plan-together.ts'
import type { RelatedSteps } from './related-steps.ts'
import { skipReason, skipsAmong } from './skips.ts'
import { withinLimit } from './time-limit.ts'
import { failureOf, subjectOf, unlessInTrouble, type Subject } from './subject.ts'

/**
 * Looks at the next steps and plans them: what to do, nothing to do, or a conflict. As many are planned as can be told from
 * one look; where that is not even one, the first is planned by itself, with the patience that it asks for.
 *
 * A step whose intent is journaled already (nsnet was stopped inside it) is looked at again: its first before-image stands,
 * its commands are planned anew from what is there now. Before the first step of a run, what can be foreseen is looked at.
 */
export async function plan(ports: Ports, moment: Moment, look = lookWith(ports.exec)): Promise<Performed> {
  return { events: await planNext(ports, moment, look) }
}

async function planNext(ports: Ports, moment: Moment, look: Look): Promise<readonly RunEvent[]> {
  const { run } = moment
  const began = performance.now()
  const foreseen = await foresee(ports, run, look)
  if (foreseen) return [foreseen]
  const next = nextOf(moment)
  const skips = skipsAmong(run, ports.secrets, next, undefined)
  if (skips.length > 0) return skips
  await waitToRetry(ports, run, next)
  const together = await planTogether(ports, run, next, look)
  if (together.length === 0) return [await planAlone(ports, run, next[0]!)]
  const between = skipsAmong(run, ports.secrets, next, together.at(-1)!.itself.step)
  const intents = together.flatMap(({ subject, seen }) => (isDone(seen.planned) ? [] : [intent(subject, seen)]))
  if (intents.length > 0) return [...between, ...intents]
  const later = inFlightBehind(run, ports.secrets, together.at(-1)!.itself.step, together.length)
  const outcomes = outcomesOf(together, later, await look.netns(), performance.now() - began)
  return outcomes.length > 0 ? [...between, ...outcomes] : [await planAlone(ports, run, next[0]!)]
}

/** The events of steps for which there is nothing to do, up to one whose type breaks at that: it tells so by itself. */
function outcomesOf(
  members: readonly Member[],
  later: RelatedSteps,
  netns: NetnsIds,
  took: number,
): readonly RunEvent[] {
  let events: readonly RunEvent[] = []
  for (const [at, { subject, itself, seen }] of [...members.entries()].toReversed()) {
    const event = unlessInTrouble(() => outcomeOf({ subject, state: seen.state, refused: false, later, netns }, took))
    events = event ? [event, ...events] : []
    // what was in flight and holds, an earlier nsnet has done
    if (subject.record.open) later.add(itself, at)
  }
  return events
}

async function planAlone(ports: Ports, run: Run, id: string): Promise<RunEvent> {
  const began = performance.now()
  try {
    // what is left out is not planned; a condition that is none fails the step
    skipReason(run, ports.secrets, id)
    const subject = await subjectOf(ports, run, id)
    const exec = withinLimit(ports.exec, subject.record, 'planning')
    const seen = await planPatiently({ ...ports, exec }, subject)
    const { state, planned } = seen
    if (planned.conflict !== undefined)
      return { type: 'StepFailed', step: id, failure: await diagnosed(ports, run, subject, troubleOf(planned), state) }
    if (planned.apply.length > 0) return intent(subject, seen)
    const there = await lookWith(ports.exec).netns()
    const later = inFlightBehind(run, ports.secrets, id, 0)
    return outcomeOf({ subject, state, refused: false, later, netns: there }, performance.now() - began)
  } catch (error) {
    return { type: 'StepFailed', step: id, failure: failureOf(error) }
  }
}

/** How long a conflict that goes away by itself in a moment may take, and how often to look, in milliseconds. */
const PASSING: Patience = { forMs: 10_000, everyMs: 20, isCut: false }

async function planPatiently(ports: Ports, subject: Subject): Promise<Planned> {
  const patience = patienceOf(subject)
  const { step } = subject.context
  const exec = patience.forMs > 0 ? watched(ports, step) : ports.exec
  const began = performance.now()
  for (let attempt = 1; ; attempt++) {
    const seen = await planOnce(lookWith(exec), subject)
    if (seen.planned.conflict === undefined) return seen
    const { forMs, everyMs, isCut } = seen.planned.passing ? PASSING : patience
    const leftMs = began + forMs - performance.now()
    if (leftMs <= (isCut ? everyMs : 0)) return seen
    ports.progress({ doing: 'wait', step, attempt, leftMs, message: seen.planned.conflict })
    await ports.pause(Math.min(everyMs, leftMs))
  }
}

/** Tells of each command that it runs: where a step waits, one may take long. */
const watched =
  ({ exec, progress }: Ports, step: string): Exec =>
  (command) => {
    progress({ doing: 'probe', step, command })
    return exec(command)
  }

function intent({ input, context, resources }: Subject, { state: before, planned, netns }: Planned): StepPlanned {
  if (planned.conflict !== undefined) throw new Error('a conflict is no intent')
  const { apply, undo } = planned
  const at = new Date().toISOString()
  return { type: 'StepPlanned', step: context.step, input: input as Json, before, apply, undo, resources, netns, at }
}
