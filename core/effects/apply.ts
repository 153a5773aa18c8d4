import { show, type Exec } from '../command.ts'
import type { RunEvent, StepApplied } from '../events.ts'
import type { Json } from '../json.ts'
import { lookWith } from '../look.ts'
import type { Ports } from '../ports.ts'
import { netnsIn } from '../resource.ts'
import type { Run } from '../run.ts'
import { undoOf } from '../step.ts'
import { settle } from '../wait.ts'
import { runCommands } from './run-commands.ts'
import { diagnosed } from './diagnose.ts'
import { notMadeBy } from './ownership.ts'
import { failureOf, outputsIn, subjectOf, type Subject } from './subject.ts'

/** How long the kernel may take until what was applied can be seen, in milliseconds. */
const SETTLE_MS = 3_000

/**
 * Runs the commands of a step in flight and looks whether it holds now. That it holds is the verdict; an exit code is only
 * evidence of why it does not.
 */
export async function apply(ports: Ports, run: Run, id: string): Promise<RunEvent> {
  const began = performance.now()
  try {
    const subject = await subjectOf(ports, run, id)
    const { failure, said } = await runCommands(ports, id, subject.record.apply, 'first failure')
    const { state, left } = await settle(
      () => lookAgain(ports, subject),
      (seen) => seen.left === '',
      failure ? 0 : SETTLE_MS,
    )
    const refused = failure?.output?.timedOut === false
    if (left === '') return await outcomeOf(ports, subject, state, refused, performance.now() - began)
    const why = failure ?? { message: `its commands went well, yet ${left}`, ...said }
    return { type: 'StepFailed', step: id, failure: await diagnosed(ports, run, subject, why) }
  } catch (error) {
    return { type: 'StepFailed', step: id, failure: failureOf(error) }
  }
}

/** The event of a step that is seen to hold: applied, unless somebody else was faster than its commands. */
export async function outcomeOf(
  ports: Ports,
  subject: Subject,
  state: Json,
  refused: boolean,
  durationMs: number,
): Promise<RunEvent> {
  const foreign = subject.record.open ? notMadeBy(subject, state, refused) : 'it was there before'
  return foreign === undefined
    ? await appliedOf(ports, subject, state, durationMs)
    : satisfied(subject, state, durationMs)
}

async function appliedOf(
  { exec }: Ports,
  { record, step, input, context, uses }: Subject,
  after: Json,
  durationMs: number,
): Promise<StepApplied> {
  const made = (step.resources(input).creates ?? []).flatMap(netnsIn)
  const netns = await netnsIds(exec, [...uses, ...made])
  const undo = undoOf(step, input, record.before!, after, context)
  const outputs = outputsIn(step, after, input)
  return { type: 'StepApplied', step: context.step, after, undo, netns, outputs, durationMs }
}

function satisfied({ step, input, context }: Subject, state: Json, durationMs: number): RunEvent {
  const outputs = outputsIn(step, state, input)
  const resources = step.resources(input)
  return {
    type: 'StepSatisfied',
    step: context.step,
    input: input as Json,
    after: state,
    resources,
    outputs,
    durationMs,
  }
}

async function netnsIds(exec: Exec, names: readonly string[]): Promise<StepApplied['netns']> {
  if (names.length === 0) return {}
  const there = await lookWith(exec).netns()
  return Object.fromEntries(names.filter((name) => name in there).map((name) => [name, there[name]!]))
}

async function lookAgain({ exec }: Ports, { step, input, context }: Subject): Promise<{ state: Json; left: string }> {
  const state = await lookWith(exec).observe(step, input, context, new Set())
  const plan = step.plan(input, state, context)
  if (plan.conflict !== undefined) return { state, left: plan.conflict }
  return { state, left: plan.apply.length === 0 ? '' : `there is still to do: ${plan.apply.map(show).join('; ')}` }
}
