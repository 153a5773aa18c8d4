import { show, succeeded, type Command, type Exec, type Output } from '../command.ts'
import type { Failure, RunEvent, StepApplied } from '../events.ts'
import type { Json } from '../json.ts'
import { lookWith } from '../look.ts'
import type { Ports } from '../ports.ts'
import type { Run } from '../run.ts'
import { undoOf } from '../step.ts'
import { goOn, settle } from '../wait.ts'
import { failureOf, netnsName, outputsIn, subjectOf, type Subject } from './subject.ts'

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
    const failure = await runCommands(ports, id, subject.record.apply)
    const { state, left } = await settle(
      () => lookAgain(ports, subject),
      (seen) => seen.left === '',
      failure ? 0 : SETTLE_MS,
    )
    if (left === '') return await appliedOf(ports, subject, state, performance.now() - began)
    return { type: 'StepFailed', step: id, failure: failure ?? { message: `its commands went well, yet ${left}` } }
  } catch (error) {
    return { type: 'StepFailed', step: id, failure: failureOf(error) }
  }
}

/** The event of a step that is seen to hold. */
export async function appliedOf(
  { exec }: Ports,
  { record, step, input, context, uses }: Subject,
  after: Json,
  durationMs: number,
): Promise<StepApplied> {
  const made = (step.resources(input).creates ?? []).flatMap(netnsName)
  const netns = await inodesOf(exec, [...uses, ...made])
  const undo = undoOf(step, input, record.before!, after, context)
  const outputs = outputsIn(step, after, input)
  return { type: 'StepApplied', step: context.step, after, undo, netns, outputs, durationMs }
}

async function inodesOf(exec: Exec, names: readonly string[]): Promise<StepApplied['netns']> {
  if (names.length === 0) return {}
  const there = await lookWith(exec).netns()
  return Object.fromEntries(names.filter((name) => name in there).map((name) => [name, there[name]!]))
}

async function runCommands(ports: Ports, id: string, commands: readonly Command[] = []): Promise<Failure | undefined> {
  for (const [at, command] of commands.entries()) {
    goOn(ports.signal)
    ports.progress({ doing: 'run', step: id, command })
    const output = await ports.exec(command)
    if (!succeeded(command, output)) return { message: saying(output), command, output, succeeded: at }
  }
  return undefined
}

function saying({ exitCode, timedOut }: Output): string {
  return timedOut ? 'its command took too long and was ended' : `its command ended with exit code ${exitCode}`
}

async function lookAgain({ exec }: Ports, { step, input, context }: Subject): Promise<{ state: Json; left: string }> {
  const state = await lookWith(exec).observe(step, input, context, new Set())
  const plan = step.plan(input, state, context)
  if (plan.conflict !== undefined) return { state, left: plan.conflict }
  return { state, left: plan.apply.length === 0 ? '' : `there is still to do: ${plan.apply.map(show).join('; ')}` }
}
