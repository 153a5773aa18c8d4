import type { Failure } from '../events.ts'
import { StepBroken } from '../guard.ts'
import type { Json } from '../json.ts'
import { CouldNotLook } from '../look.ts'
import type { Ports } from '../ports.ts'
import { netnsIn, type NetnsId, type Resources } from '../resource.ts'
import { netnsOf, outputsOf, stepOf, type Run, type StepRecord } from '../run.ts'
import type { Context, Earlier, Step } from '../step.ts'
import { howToGive } from '../given.ts'
import { resolveStep } from '../resolve.ts'
import { secretsIn, type Secrets } from '../secret.ts'

/** A step of a run, ready to be worked on: its record, its type, its input. */
export interface Subject {
  readonly record: StepRecord
  readonly step: Step
  readonly input: unknown
  readonly context: Context
  readonly resources: Resources
  /** Named netns that the step works in and does not make. */
  readonly uses: readonly string[]
  /** The named netns that the run has worked in so far. */
  readonly known: { readonly [name: string]: NetnsId }
}

/** Why a step cannot be worked on, or what went wrong with it. */
export class StepTrouble extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

/** Brings together what is needed to work on a step. @throws StepTrouble */
export async function subjectOf(
  { stepOf: find, secrets }: Pick<Ports, 'stepOf' | 'secrets'>,
  run: Run,
  id: string,
): Promise<Subject> {
  expectSecrets(run, id, secrets)
  const record = secrets.reveal(stepOf(run, id))
  const step = find(record.spec.uses)
  if (!step)
    throw new StepTrouble({
      message: `the plugin of step type "${record.spec.uses}" is not there any more, or is broken`,
    })
  const { facts } = run.started
  const input = record.open ? record.input : await inputOf(run, record, step, secrets)
  const context = { run: run.started.run, step: id, facts, before: record.before }
  const resources = step.resources(input)
  const uses = (resources.uses ?? []).flatMap(netnsIn)
  return { record, step, input, context, resources, uses, known: secrets.reveal(netnsOf(run)) }
}

/** Lays out a step as others see it, for whom it comes earlier. */
export const asEarlier = ({ step, input, context, resources }: Subject): Earlier => ({
  ...context,
  uses: step.type,
  input,
  resources,
})

/** Resolves what the workflow says, now that the outputs of earlier steps are known. @throws StepTrouble */
export async function inputOf(run: Run, { spec }: StepRecord, step: Step, { reveal }: Secrets): Promise<unknown> {
  const { inputs, facts } = run.started
  const outputs = (id: string): StepRecord['outputs'] => reveal(outputsOf(run)(id))
  const resolved = await resolveStep(spec, step, { inputs: reveal(inputs), facts, outputs })
  if ('failure' in resolved) throw new StepTrouble({ message: resolved.failure })
  return resolved.input
}

/** Names the secrets that a step was given and that are not known now. */
export function missingSecrets(run: Run, id: string, { names }: Secrets): readonly string[] {
  const { secrets } = run.started
  if (secrets === undefined) return []
  const { open, spec, input, before, after, undo } = stepOf(run, id)
  const needed = secretsIn(open ? [input, before, after, undo] : spec.with)
  return needed.filter((name) => Object.hasOwn(secrets, name) && !names.includes(name))
}

/** Refuses to work on a step whose secrets are not known: what it made could not be told from what others made. */
export function expectSecrets(run: Run, id: string, secrets: Secrets): void {
  const missing = missingSecrets(run, id, secrets)
  if (missing.length === 0) return
  const names = missing.map((name) => `"${name}"`).join(', ')
  const message = `expected the secret input ${names}, got nothing: it tells what this step made`
  throw new StepTrouble({ message, hint: `${howToGive(missing)}, then: nsnet undo ${run.started.run}` })
}

/** Says what went wrong, when it is something that a run has to expect. @throws anything else, as it came */
export function failureOf(error: unknown): Failure {
  if (error instanceof CouldNotLook || error instanceof StepTrouble) return error.failure
  if (!(error instanceof StepBroken)) throw error
  return { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
}

/** Gives what a work gives; undefined when it ends in something that a run has to expect: somebody else tells of that. */
export function unlessInTrouble<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    failureOf(error)
    return undefined
  }
}

/** Reads a step's outputs off its state. */
export function outputsIn<Input, State extends Json>(
  step: Step<Input, State>,
  state: State,
  input: Input,
): { readonly [name: string]: Json } {
  const named = Object.entries(step.outputs ?? {}).map(([name, read]) => [name, read(state, input)])
  return { ...Object.fromEntries(named), ...step.moreOutputs?.(state, input) }
}
