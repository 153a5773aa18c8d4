import type { Failure, RunEvent } from '../events.ts'
import type { Moment } from '../moment.ts'
import type { Ports } from '../ports.ts'
import type { Run } from '../run.ts'
import { batchForth } from './batch.ts'
import { diagnosed } from './diagnose.ts'
import { outcomeOf, type Holding } from './outcome.ts'
import { inFlightBehind } from './in-flight.ts'
import { performed, type Performed } from './performed.ts'
import type { RelatedSteps } from './related-steps.ts'
import { runTogether, shown, type Attempted, type Ran } from './run-together.ts'
import { sightBy, sightsOf, type HowToLook, type Sight, type Sights } from './sights.ts'
import { asEarlier, failureOf, subjectOf, type Subject } from './subject.ts'
import { withinLimit } from './time-limit.ts'

/**
 * Runs the commands of the steps in flight and looks which of them hold now. That a step holds is the verdict; an exit code
 * is only evidence of why it does not. When a command fails, what comes behind it is not begun.
 */
export async function apply(ports: Ports, moment: Moment): Promise<Performed> {
  const { steps, intended } = batchForth(moment)
  const began = performance.now()
  try {
    const subjects = await Promise.all(steps.map((id) => subjectOf(ports, moment.run, id)))
    const works = subjects.filter(({ context }) => intended.has(context.step))
    const exec = works.length === 1 ? withinLimit(ports.exec, works[0]!.record, 'applying') : ports.exec
    const ran = await runTogether({ ...ports, exec }, works.map(workOf), 'first failure')
    const begun = subjects.filter(({ context: { step } }) => !intended.has(step) || ran.has(step))
    const sights = await sightsOf(ports, begun, lookingAfter(ran))
    const later = inFlightBehind(moment.run, ports.secrets, steps.at(-1)!, steps.length)
    const off = works.filter(({ context }) => !ran.has(context.step)).map(calledOff)
    const outcomes = outcomesOf(begun, later, sights, ran, performance.now() - began)
    const failures = await failuresOf(ports, moment.run, works, sights, ran)
    const events = [...off, ...outcomes, ...failures]
    return performed(events, sights.look)
  } catch (error) {
    return { events: [{ type: 'StepFailed', step: steps[0]!, failure: failureOf(error) }] }
  }
}

const workOf = ({ context, record: { apply: commands = [], spec }, resources }: Subject) => ({
  step: context.step,
  commands: spec.timeoutMs === undefined ? commands : commands.map((it) => ({ timeoutMs: spec.timeoutMs!, ...it })),
  resources,
})

const calledOff = ({ context }: Subject): RunEvent => ({ type: 'StepCalledOff', step: context.step })

/** Reads off a look what is left to do for each step; that of one that failed does not go away by itself. */
const lookingAfter = (ran: Ran): HowToLook => ({
  observe: (look, { step, input, context }) => look.observe(step, input, context, new Set()),
  judge: (seen) =>
    seen.map(({ subject: { step, input, context }, now: state }) =>
      sightBy(() => {
        const plan = step.plan(input, state, context)
        if (plan.conflict !== undefined) return { state, left: plan.conflict }
        return { state, left: plan.apply.length === 0 ? '' : `there is still to do: ${shown(plan.apply)}` }
      }),
    ),
  isWorthWaiting: ({ context }) => !ran.get(context.step)?.failure,
})

/**
 * The events of the steps that are seen to hold; each is seen without what those behind it have done. One whose type breaks
 * at that fails, behind all others: what they made is noted before the run ends.
 */
function outcomesOf(
  subjects: readonly Subject[],
  later: RelatedSteps,
  { of, netns }: Sights,
  ran: Ran,
  took: number,
): readonly RunEvent[] {
  const [events, broken]: [RunEvent[], RunEvent[]] = [[], []]
  for (const [at, subject] of [...subjects.entries()].toReversed()) {
    const { state, left } = of(subject)
    const result = ran.get(subject.context.step)
    if (left === '') {
      const event = outcomeOrFailure({ subject, state, refused: wasRefused(result), later, netns }, took)
      if (event.type === 'StepFailed') broken.push(event)
      else events.push(event)
    }
    // what was in flight before and holds, an earlier nsnet has done
    if (result ? result.succeeded > 0 : subject.record.open) later.add(asEarlier(subject), at)
  }
  return [...events.toReversed(), ...broken.toReversed()]
}

function outcomeOrFailure(holding: Holding, took: number): RunEvent {
  try {
    return outcomeOf(holding, took)
  } catch (error) {
    return { type: 'StepFailed', step: holding.subject.context.step, failure: failureOf(error) }
  }
}

/** The kernel said no; who took too long may have succeeded. */
const wasRefused = (result: Attempted | undefined): boolean => result?.failure?.output?.timedOut === false

/** The events of the steps that did not come about. Why, is found out for the first of them. */
async function failuresOf(
  ports: Ports,
  run: Run,
  works: readonly Subject[],
  { of }: Sights,
  ran: Ran,
): Promise<readonly RunEvent[]> {
  const left = works.filter((subject) => ran.has(subject.context.step) && of(subject).left !== '')
  const stopped = [...ran.values()].some(({ failure }) => failure)
  // what went well, yet waits for what did not run, is looked at again by a resume
  const failed = stopped ? left.filter(({ context }) => ran.get(context.step)?.failure) : left
  return await Promise.all(
    failed.map(async (subject, at) => {
      const { step } = subject.context
      const why = whyNot(ran.get(step)!, of(subject))
      return { type: 'StepFailed', step, failure: at > 0 ? why : await diagnosed(ports, run, subject, why) } as const
    }),
  )
}

function whyNot({ failure, said }: Attempted, sight: Sight): Failure {
  return failure ?? sight.failure ?? { message: `its commands went well, yet ${sight.left}`, ...said }
}
