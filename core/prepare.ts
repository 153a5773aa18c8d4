import type { StepSpec } from './events.ts'
import { withInputNote } from './input-note.ts'
import { isSecretInput, referenceMistake, resolveInputs, type Given } from './inputs.ts'
import { mistakesOf } from './issues.ts'
import type { Json } from './json.ts'
import { maskedError } from './masked-error.ts'
import { didYouMean } from './near.ts'
import { ENOUGH, invalid, listed, pointerOf, type Hint, type Problem } from './problems.ts'
import { laterReferences, type Edge } from './later-references.ts'
import type { Registry } from './registry.ts'
import { fill, scopeOf, templatesIn, type Placed } from './resolve.ts'
import { noSecrets, secretsOf } from './secret.ts'
import type { Facts } from './step.ts'
import { problemAt, type Draft, type DraftStep } from './workflow.ts'

/** A workflow that nothing is wrong with, ready to run; its secrets are hidden. */
export interface Prepared {
  readonly inputs: { readonly [name: string]: Json }
  readonly steps: readonly StepSpec[]
  /** The values of the secret inputs. */
  readonly secrets: { readonly [name: string]: string }
}

/**
 * Checks all that can be known before anything runs, and resolves what does not depend on a step's outputs.
 *
 * @throws WORKFLOW_INVALID with every mistake
 */
export async function prepare(draft: Draft, registry: Registry, facts: Facts, given: Given): Promise<Prepared> {
  const inputs = resolveInputs(draft, given, facts)
  const secrets = Object.fromEntries(Object.entries(inputs.values).filter(([name]) => draft.inputs[name]?.secret))
  const { hide, mask } = Object.keys(secrets).length === 0 ? noSecrets : secretsOf(secrets as Prepared['secrets'])
  const problems = [...draft.problems, ...inputs.problems, ...duplicates(draft)]
  const steps: StepSpec[] = []
  const known = { draft, registry, facts, given, inputs: inputs.values, places: placesOf(draft) }
  const site: Site = { ...known, edges: [], secretive: new Set() }
  const masked = (error: unknown): never => {
    throw maskedError(error, mask)
  }
  for (const step of draft.steps) {
    if (problems.length + site.edges.length >= ENOUGH) break
    steps.push(await prepareStep(site, step, problems).catch(masked))
  }
  problems.push(...laterReferences(draft.source, site.edges))
  if (problems.length > 0) throw invalid(draft.source.path, problems.map(maskedBy(mask)))
  const hidden = steps.map((step) => ({ ...step, with: hide(step.with) }))
  return { inputs: hide(inputs.values), steps: hidden, secrets: secrets as Prepared['secrets'] }
}

/** What the check of one step needs to know of the others. */
interface Site {
  readonly draft: Draft
  readonly registry: Registry
  readonly facts: Facts
  readonly given: Given
  readonly inputs: { readonly [name: string]: Json }
  readonly places: ReadonlyMap<string, DraftStep>
  /** References to later steps, or of a step to itself. */
  readonly edges: Edge[]
  /** Steps that are given a secret, so that their outputs may hold it. */
  readonly secretive: Set<string>
}

async function prepareStep(site: Site, draftStep: DraftStep, problems: Problem[]): Promise<StepSpec> {
  const { draft, registry, facts, inputs } = site
  const { index, id, uses, name } = draftStep
  const pointer = `/steps/${index}`
  const add = (path: readonly PropertyKey[], message: string, hint?: Hint): void =>
    void problems.push(problemAt(draft.source, `${pointer}/with${pointerOf(path)}`, message, hint))

  const { templates, mistakes } = templatesIn(draftStep.with)
  const sound = templates.filter((placed) => soundReferences(site, draftStep, placed, add))
  if (templates.some(({ template }) => template.references.some((it) => isSecret(site, it)))) site.secretive.add(id)
  const ready = sound.filter(({ template }) =>
    template.references.every(
      ([root, key = '']) => root === 'host' || (root === 'inputs' && Object.hasOwn(inputs, key)),
    ),
  )
  const filled = fill(draftStep.with, ready, scopeOf({ inputs, facts, outputs: () => undefined }))
  const byPath = new Map(ready.map(({ path, template }) => [pointerOf(path), template]))
  const addNoting: Add = (path, message, hint) => {
    const template = byPath.get(pointerOf(path))
    add(path, message, template ? withInputNote(site, template, hint) : hint)
  }
  for (const { path, message } of [...mistakes, ...filled.mistakes]) addNoting(path, message)

  const step = registry.stepOf(uses)
  if (step) {
    const filledIn = new Set(ready)
    const unsure = relatedTo([...mistakes, ...filled.mistakes, ...templates.filter((it) => !filledIn.has(it))])
    const result = await step.input['~standard'].validate(filled.value)
    const found = result.issues ? mistakesOf(result.issues, filled.value, step.input) : []
    for (const { path, message, hint } of found) if (!unsure(path)) addNoting(path, message, hint)
  } else {
    const hint = (): string => didYouMean(uses, registry.types) ?? `there are ${listed(registry.types)}`
    problems.push(problemAt(draft.source, `${pointer}/uses`, `expected a step type, got "${uses}"`, hint))
  }
  const at = { ...draft.source.at(pointer), pointer }
  return { id, uses, ...(name === undefined ? {} : { name }), with: filled.value, at }
}

const maskedBy =
  (mask: (text: string) => string) =>
  ({ message, hint, ...place }: Problem): Problem => ({
    ...place,
    message: mask(message),
    hint: typeof hint === 'function' ? () => mask(hint() ?? '') || undefined : hint && mask(hint),
  })

/** Says whether what stands at one of some places can change what is found at a path: one is around the other. */
function relatedTo(
  places: readonly { readonly path: readonly PropertyKey[] }[],
): (path: readonly PropertyKey[]) => boolean {
  const there = new Set(places.map(({ path }) => pointerOf(path)))
  const around = new Set(places.flatMap(({ path }) => pointersAround(path)))
  return (path) => around.has(pointerOf(path)) || pointersAround(path).some((pointer) => there.has(pointer))
}

const pointersAround = (path: readonly PropertyKey[]): readonly string[] =>
  [...path, ''].map((_, length) => pointerOf(path.slice(0, length)))

type Add = (path: readonly PropertyKey[], message: string, hint?: Hint) => void

/** Checks the names that a text reads; a reference to a later step is noted and told at the end. */
function soundReferences(site: Site, step: DraftStep, { path, template }: Placed, add: Add): boolean {
  const wrong = template.references.flatMap((reference) => {
    if (reference[0] === 'steps')
      return outputMistake(site, step, reference, `/steps/${step.index}/with${pointerOf(path)}`) ?? []
    return referenceMistake(reference, site.draft, site.facts) ?? []
  })
  for (const { message, hint } of wrong) add(path, message, hint)
  const used = wrong.length > 0 ? undefined : template.used.find((it) => isSecret(site, it))
  if (used) add(path, `expected ${used.join('.')} by itself: what is made of a secret could not be hidden`)
  return wrong.length === 0 && used === undefined
}

/** Says whether a secret may stand in what is read. */
const isSecret = ({ draft, secretive }: Site, reference: readonly string[]): boolean =>
  isSecretInput(draft, reference) || (reference[0] === 'steps' && secretive.has(reference[1] ?? ''))

function outputMistake(
  { places, registry, edges }: Site,
  step: DraftStep,
  [, id, field, output]: readonly string[],
  pointer: string,
): { readonly message: string; readonly hint?: Hint } | undefined {
  if (id === undefined || field !== 'outputs' || output === undefined) {
    return {
      message: `expected steps.ID.outputs.NAME, got steps${[id, field, output]
        .filter(Boolean)
        .map((it) => `.${it}`)
        .join('')}`,
    }
  }
  const other = places.get(id)
  if (!other) {
    return { message: `expected the id of a step, got "${id}"`, hint: () => didYouMean(id, [...places.keys()]) }
  }
  if (other.index >= step.index) edges.push({ from: step.id, to: id, pointer })
  const type = registry.stepOf(other.uses)
  const names = Object.keys(type?.outputs ?? {})
  if (!type || names.includes(output)) return undefined
  const hint = (): string => didYouMean(output, names) ?? `it has ${listed(names)}`
  return { message: `expected an output of step "${id}" (${other.uses}), got "${output}"`, hint }
}

function duplicates({ steps, source }: Draft): readonly Problem[] {
  const first = new Map(steps.toReversed().map(({ id, index }) => [id, index]))
  const again = steps.filter(({ id, index }) => id !== '' && first.get(id) !== index)
  return again.slice(0, ENOUGH).map(({ id, index }) => {
    const { line, column } = source.at(`/steps/${first.get(id)}/id`)
    const message = `expected an id of its own, got "${id}" again (first at ${line}:${column})`
    return problemAt(source, `/steps/${index}/id`, message)
  })
}

const placesOf = ({ steps }: Draft): ReadonlyMap<string, DraftStep> =>
  new Map(steps.toReversed().map((step) => [step.id, step]))
