import type { StepSpec } from './events.ts'
import { findRounds } from './for-each.ts'
import { resolveInputs, type Given } from './inputs.ts'
import type { Json } from './json.ts'
import { withDefaults } from './defaults.ts'
import { laterReferences } from './later-references.ts'
import { maskedError } from './masked-error.ts'
import { checkStep, specFor } from './prepare-step.ts'
import { ENOUGH, invalid, type Problem } from './problems.ts'
import type { Registry } from './registry.ts'
import { scopeOf } from './resolve.ts'
import { checkOutputs } from './run-outputs.ts'
import { noSecrets, secretsOf } from './secret.ts'
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
}

/**
 * Checks all that can be known before anything runs, and resolves what does not depend on a step's outputs.
 *
 * @throws WORKFLOW_INVALID with every mistake
 */
export async function prepare(read: Draft, registry: Registry, facts: Facts, given: Given): Promise<Prepared> {
  const problems: Problem[] = [...read.problems]
  const draft = withDefaults(read, registry, problems)
  const inputs = resolveInputs(draft, given, facts)
  const secrets = Object.fromEntries(Object.entries(inputs.values).filter(([name]) => draft.inputs[name]?.secret))
  const { hide, mask } = Object.keys(secrets).length === 0 ? noSecrets : secretsOf(secrets as Prepared['secrets'])
  const all = placesOf(draft)
  problems.push(...inputs.problems, ...duplicates(draft, all))
  const known = { draft, registry, facts, given, inputs: inputs.values }
  const places = new Map(all.toReversed().map((place) => [place.step.id, place]))
  const site: Site = { ...known, places, rounds: new Map(), edges: [], secretive: new Set() }
  findRounds(site, problems)
  const steps = await stepsOf(site, all, problems).catch((error: unknown) => {
    throw maskedError(error, mask)
  })
  checkOutputs(site, problems)
  problems.push(...laterReferences(draft.source, site.edges))
  if (problems.length > 0) throw invalid(draft.source.path, problems.map(maskedBy(mask)))
  const hidden = steps.map((step) => ({ ...step, with: hide(step.with) }))
  const { outputs } = draft
  return { inputs: hide(inputs.values), steps: hidden, outputs, secrets: secrets as Prepared['secrets'] }
}

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
        steps.push(spec)
        if (round) weight += weightOf(spec.with) + weightOf(spec.needs ?? null) + step.ready.length * EXPRESSION
      }
      if (weight <= MAX_WEIGHT) continue
      problems.push(tooHeavy(site, block))
      return steps
    }
  }
  return steps
}

function tooHeavy({ draft }: Site, { pointer }: Block): Problem {
  const message = `expected steps that take at most ${MAX_WEIGHT} bytes in all, got more`
  return problemAt(draft.source, `${pointer}/forEach`, message, 'make several workflows of it')
}

const once: readonly (KeyedRound | undefined)[] = [undefined]

const roundsIn = ({ rounds }: Site, block: Block): readonly (KeyedRound | undefined)[] =>
  block.isRepeated ? (rounds.get(block)?.all ?? []) : once

const maskedBy =
  (mask: (text: string) => string) =>
  ({ message, hint, ...place }: Problem): Problem => ({
    ...place,
    message: mask(message),
    hint: typeof hint === 'function' ? () => mask(hint() ?? '') || undefined : hint && mask(hint),
  })

function duplicates({ source }: Draft, all: readonly StepPlace[]): readonly Problem[] {
  const first = new Map(all.toReversed().map(({ step }) => [step.id, step]))
  const again = all.filter(({ step }) => step.id !== '' && first.get(step.id) !== step)
  return again.slice(0, ENOUGH).map(({ step: { id, pointer } }) => {
    const { line, column } = source.at(`${first.get(id)!.pointer}/id`)
    const message = `expected an id of its own, got "${id}" again (first at ${line}:${column})`
    return problemAt(source, `${pointer}/id`, message)
  })
}

function placesOf({ blocks }: Draft): readonly StepPlace[] {
  const steps = blocks.flatMap((block) => block.steps.map((step) => ({ block, step })))
  return steps.map((place, order) => ({ ...place, order }))
}
