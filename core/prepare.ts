import type { StepSpec } from './events.ts'
import { findRounds } from './for-each.ts'
import type { Given } from './given.ts'
import { expectMuch, MANY } from './heap.ts'
import { resolveInputs } from './inputs.ts'
import { stepsOfInner } from './inner-steps.ts'
import type { Json } from './json.ts'
import { withDefaults } from './defaults.ts'
import { laterReferences } from './later-references.ts'
import { maskedError } from './masked-error.ts'
import { expectHidden, expectPlainFlow, givenTo, whereGiven, type Inner } from './nested.ts'
import { placeBeside } from './place-in.ts'
import { checkStep, specFor } from './prepare-step.ts'
import { ENOUGH, invalid, type Problem } from './problems.ts'
import type { Registry } from './registry.ts'
import { scopeOf } from './resolve.ts'
import { checkOutputs } from './run-outputs.ts'
import { noSecrets, secretsOf, type Secrets } from './secret.ts'
import type { KeyedRound, Site, StepPlace } from './site.ts'
import type { Facts } from './step.ts'
import { weightOf } from './weight.ts'
import { problemAt, type Block, type Draft } from './workflow.ts'

/** A workflow that nothing is wrong with, ready to run; its secrets are hidden. */
export interface Prepared {
  readonly inputs: { readonly [name: string]: Json }
  /** Those with `forEach` as often as they are done. */
  readonly steps: readonly StepSpec[]
  /** What the run gives when it is whole, with the expressions that read it. */
  readonly outputs: { readonly [name: string]: Json }
  /** The values of the secret inputs. */
  readonly secrets: { readonly [name: string]: string }
  /** Inputs without a value, which may lack it. */
  readonly open: readonly { readonly name: string; readonly secret: boolean }[]
}

/**
 * Checks all that can be known before anything runs, and resolves what does not depend on a step's outputs.
 *
 * @throws WORKFLOW_INVALID with every mistake
 */
export async function prepare(read: Draft, registry: Registry, facts: Facts, given: Given): Promise<Prepared> {
  const problems: Problem[] = []
  const whole = await understood(read, { registry, facts, given }, problems)
  const { draft, inputs, steps, outputs, hide, mask } = whole
  if (problems.length > 0) throw invalid(draft.source.path, problems.map(maskedBy(mask)))
  const hidden = steps.map((step) => ({ ...step, with: hide(step.with) }))
  const open = Object.entries(draft.inputs)
    .filter(([name]) => !Object.hasOwn(inputs, name))
    .map(([name, spec]) => ({ name, secret: spec?.secret === true }))
  return { inputs: hide(inputs), steps: hidden, outputs, secrets: secretInputs(draft, inputs), open }
}

/** What a workflow is read with. */
type Around = Pick<Site, 'registry' | 'facts' | 'given'>

/** Understands what it can of a workflow, and of those in it. */
async function understood(
  read: Draft,
  around: Around,
  problems: Problem[],
): Promise<Inner & Pick<Secrets, 'hide' | 'mask'>> {
  problems.push(...read.problems)
  const draft = withDefaults(read, around.registry, problems)
  const inputs = resolveInputs(draft, around.given, around.facts)
  const secrets = secretInputs(draft, inputs.values)
  const { hide, mask } = Object.keys(secrets).length === 0 ? noSecrets : secretsOf(secrets)
  const all = placesOf(draft)
  problems.push(...inputs.problems, ...duplicates(draft, all))
  const places = new Map(all.toReversed().map((place) => [place.step.id, place]))
  const known = { ...around, draft, inputs: inputs.values, places }
  const site: Site = { ...known, rounds: new Map(), edges: [], secretive: new Set() }
  findRounds(site, problems)
  if (stepsIn(site) > MANY) expectMuch()
  const steps = await stepsOf(site, all, problems).catch((error: unknown) => {
    throw maskedError(error, mask)
  })
  checkOutputs(site, problems)
  problems.push(...laterReferences(draft.source, site.edges))
  return { draft, inputs: inputs.values, steps: endLast(steps), outputs: draft.outputs, hide, mask }
}

const secretInputs = ({ inputs }: Draft, values: Prepared['inputs']): Prepared['secrets'] =>
  Object.fromEntries(Object.entries(values).filter(([name]) => inputs[name]?.secret)) as Prepared['secrets']

/** Puts the steps that are taken in any case behind the others, also those of workflows in the workflow. */
const endLast = (steps: readonly StepSpec[]): readonly StepSpec[] =>
  steps.some((step) => step.finally) ? steps.toSorted((a, b) => Number(!!a.finally) - Number(!!b.finally)) : steps

/** How many bytes all rounds of all steps take at most, about: what they are given may be long. */
const MAX_WEIGHT = 32 * 1024 * 1024

/** What an expression weighs beside what it gives: it takes time. */
const EXPRESSION = 32

/** Makes the steps of all blocks, those with `forEach` round by round. */
async function stepsOf(site: Site, all: readonly StepPlace[], problems: Problem[]): Promise<readonly StepSpec[]> {
  const steps: StepSpec[] = []
  const isEnough = (): boolean => problems.length + site.edges.length >= ENOUGH
  const known = scopeOf({ ...site, outputs: () => undefined })
  let [order, weight] = [0, 0]
  for (const block of site.draft.blocks) {
    if (isEnough()) break
    const checked = block.steps.map(() => checkStep(site, all[order++]!, problems))
    for (const round of roundsIn(site, block)) {
      for (const step of checked) {
        if (isEnough()) break
        const spec = await specFor(site, step, { ...known, round })
        steps.push(...(await withInner(site, step.place, spec, problems)))
        if (round) weight += weightOf(spec.with) + weightOf(spec.needs ?? null) + step.ready.length * EXPRESSION
      }
      if (weight <= MAX_WEIGHT) continue
      problems.push(tooHeavy(site, block))
      return steps
    }
  }
  return steps
}

/** Puts in place of a step that stands for another workflow the steps of that one. */
async function withInner(
  site: Site,
  { step }: StepPlace,
  spec: StepSpec,
  problems: Problem[],
): Promise<readonly StepSpec[]> {
  const draft = site.draft.nested.get(step.pointer)
  if (!draft) return [spec]
  const tell = (field: string, message: string, hint?: string): void =>
    void problems.push(problemAt(site.draft.source, `${step.pointer}/${field}`, message, hint))
  const values = givenTo(site.draft, step, spec, site.inputs, problems)
  const named = (spec.with as { readonly inputs?: Prepared['inputs'] }).inputs ?? {}
  const mayLack = (name: string): boolean => Object.hasOwn(named, name) && !Object.hasOwn(values, name)
  expectPlainFlow(spec, tell)
  expectHidden(draft, values, Object.values(secretInputs(site.draft, site.inputs)), tell)
  const own: Problem[] = []
  const inner = await understood(draft, { ...site, given: { texts: {}, values, environment: {}, mayLack } }, own)
  problems.push(...own.flatMap(whereGiven(site.draft, step, values)))
  return stepsOfInner(inner, spec, (message) => tell('id', message))
}

function tooHeavy({ draft }: Site, { pointer }: Block): Problem {
  const message = `expected steps that take at most ${MAX_WEIGHT} bytes in all, got more`
  return problemAt(draft.source, `${pointer}/forEach`, message, 'make several workflows of it')
}

/** Counts the steps of all rounds. */
const stepsIn = (site: Site): number =>
  site.draft.blocks.reduce((count, block) => count + roundsIn(site, block).length * block.steps.length, 0)

const once: readonly (KeyedRound | undefined)[] = [undefined]

const roundsIn = ({ rounds }: Site, block: Block): readonly (KeyedRound | undefined)[] =>
  block.isRepeated ? (rounds.get(block)?.all ?? []) : once

const maskedBy =
  (mask: (text: string) => string) =>
  ({ message, hint, by, ...place }: Problem): Problem => ({
    ...place,
    by: by && mask(by),
    message: mask(message),
    hint: typeof hint === 'function' ? () => mask(hint() ?? '') || undefined : hint && mask(hint),
  })

function duplicates({ source }: Draft, all: readonly StepPlace[]): readonly Problem[] {
  const first = new Map(all.toReversed().map(({ step }) => [step.id, step]))
  const again = all.filter(({ step }) => step.id !== '' && first.get(step.id) !== step)
  return again.slice(0, ENOUGH).map(({ step: { id, pointer } }) => {
    const other = `${first.get(id)!.pointer}/id`
    const at = placeBeside(source.path, source.at(other), other)
    const message = `expected an id of its own, got "${id}" again (first at ${at})`
    return problemAt(source, `${pointer}/id`, message)
  })
}

function placesOf({ blocks }: Draft): readonly StepPlace[] {
  const steps = blocks.flatMap((block) => block.steps.map((step) => ({ block, step })))
  return steps.map((place, order) => ({ ...place, order }))
}
