import type { StepSpec } from './events.ts'
import { hasExpression } from './expression.ts'
import type { Scope } from './expression-values.ts'
import type { Json } from './json.ts'
import { pointerOf, type Problem } from './problems.ts'
import { fillWith, neededBy, readsOutputs, templatesIn } from './resolve.ts'
import { allOf } from './step-flow.ts'
import { MAX_ID } from './step-id.ts'
import { problemAt, type Draft, type DraftStep } from './workflow.ts'

/** The type of the steps that stand for another workflow file. */
export const WORKFLOW = 'workflow'

/** A workflow that stands in another one, prepared by itself. */
export interface Inner {
  readonly draft: Draft
  readonly inputs: { readonly [name: string]: Json }
  readonly steps: readonly StepSpec[]
  readonly outputs: { readonly [name: string]: Json }
}

/**
 * Says what a step gives to its workflow, without what reads an input that has no value. What is not known before the run begins
 * is a mistake.
 */
export function givenTo(
  { source }: Draft,
  { pointer }: DraftStep,
  { with: given }: StepSpec,
  known: Inner['inputs'],
  problems: Problem[],
): { readonly [name: string]: Json } {
  const inputs = (given as { readonly inputs?: { readonly [name: string]: Json } }).inputs ?? {}
  const isKnown = ([name, value]: readonly [string, Json]): boolean => {
    const read = readsOutputs(value)
    const isLacking = templatesIn(value).templates.some(({ template }) =>
      template.references.some(([root, key = '']) => root === 'inputs' && !Object.hasOwn(known, key)),
    )
    const message = `expected what is known before the run begins, got an output of "${read[0]}"`
    if (read.length > 0) problems.push(problemAt(source, `${pointer}/with/inputs${pointerOf([name])}`, message))
    return read.length === 0 && !isLacking
  }
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(isKnown)
      .map(([name, value]) => [name, plain(value)]),
  )
}

/** Reads a value in which nothing is left to be filled in: what looks like an expression there was escaped. */
const plain = (value: Json): Json =>
  fillWith(value, templatesIn(value).templates, (it) => it.evaluate(nothingKnown)).value

const nothingKnown: Scope = { inputs: {}, host: {}, steps: () => undefined }

/**
 * Lays out the steps of a workflow as steps of the one that it stands in: `lan/cable` is the step `cable` of what the step
 * `lan` stands for. What holds for that step holds for each of them; behind them it gives their outputs itself.
 */
export function stepsOfInner(inner: Inner, outer: StepSpec, problem: (message: string) => void): readonly StepSpec[] {
  const within = (id: string): string => `${outer.id}/${id}`
  const moved = (tree: Json): Json => renamed(tree, within, inner.inputs)
  const steps = inner.steps.map((spec) => ({
    ...spec,
    ...movedFlow(spec, outer, within, moved, inner.draft.source.path),
    with: moved(spec.with),
  }))
  const longest = steps.find(({ id }) => id.length > MAX_ID)
  if (longest) problem(`expected ids of steps of at most ${MAX_ID} characters, got "${longest.id}"`)
  const given = outer.with as { readonly [field: string]: Json }
  const atEnd = inner.steps.findIndex((step) => step.finally === true)
  const end = atEnd === -1 ? steps.length : atEnd
  const needs = [...(outer.needs ?? []), ...(outer.onFailure ? neverSkipped(steps.slice(0, end)) : [])]
  const outputs = moved(inner.outputs)
  const itself = { ...outer, ...(needs.length > 0 ? { needs } : {}), with: { ...given, outputs } }
  return [...steps.slice(0, end), itself, ...steps.slice(end)]
}

/** Names the steps that are only skipped when one before them has failed: without them, what stands for them does not hold. */
function neverSkipped(steps: readonly StepSpec[]): readonly string[] {
  const optional = new Set<string>()
  for (const spec of steps)
    if (spec.if !== undefined || neededBy(spec).some((id) => optional.has(id))) optional.add(spec.id)
  return steps.map(({ id }) => id).filter((id) => !optional.has(id))
}

function movedFlow(
  spec: StepSpec,
  outer: StepSpec,
  within: (id: string) => string,
  moved: (tree: Json) => Json,
  file: string,
): Pick<StepSpec, 'id' | 'at' | 'needs' | 'if' | 'onFailure' | 'finally'> {
  const needs = [...(outer.needs ?? []), ...(spec.needs ?? []).map(within)]
  const own = spec.if === undefined ? true : (moved(spec.if) as boolean | string)
  const isAtEnd = outer.finally === true || spec.finally === true
  return {
    id: within(spec.id),
    at: { ...spec.at, file: spec.at.file ?? file },
    ...(needs.length === 0 ? {} : { needs }),
    ...allOf([outer.if ?? true, own]),
    ...(outer.onFailure && { onFailure: outer.onFailure }),
    ...(isAtEnd ? { finally: true } : {}),
  }
}

/** Names steps as the workflow around them does, and puts in what that one cannot read: the inputs. */
function renamed(tree: Json, within: (id: string) => string, inputs: Inner['inputs']): Json {
  if (typeof tree === 'string' && !hasExpression(tree)) return tree
  return fillWith(tree, templatesIn(tree).templates, (template) => template.moved({ fullId: within, inputs })).value
}

/** Places the mistakes of an inner workflow's inputs where they are given; that one is not known yet was told. */
export const whereGiven =
  ({ source }: Draft, { pointer, with: given }: DraftStep, values: Inner['inputs']) =>
  (problem: Problem): readonly Problem[] => {
    const [, field, name = ''] = problem.pointer.split('/')
    const named = (given['inputs'] ?? {}) as Inner['inputs']
    const isMissing = problem.message.endsWith('got nothing')
    if (field !== 'inputs' || !(name === '' || Object.hasOwn(named, name) || isMissing)) return [problem]
    if (name !== '' && Object.hasOwn(named, name) && !Object.hasOwn(values, name)) return []
    const own = `${pointer}/with/inputs${name === '' ? '' : pointerOf([name])}`
    const hint = isMissing ? `add it: "inputs": { "${name}": … }` : problem.hint
    return [problemAt(source, own, problem.message, hint)]
  }

type Tell = (field: string, message: string, hint?: string) => void

/** Refuses what makes no sense of many steps together. */
export function expectPlainFlow({ retry, timeoutMs }: StepSpec, tell: Tell): void {
  const hint = 'say it of the steps in that workflow'
  if (retry) tell('retry', 'expected no "retry" of a step that stands for a workflow', hint)
  if (timeoutMs !== undefined) tell('timeout', 'expected no "timeout" of a step that stands for a workflow', hint)
}

/**
 * Expects that what an inner workflow keeps secret is secret around it too, else it would stand in a file; and the other way
 * round, else that workflow could make of it what could not be hidden.
 */
export function expectHidden(draft: Draft, values: Inner['inputs'], secrets: readonly string[], tell: Tell): void {
  for (const [name, value] of Object.entries(values)) {
    const field = `with/inputs${pointerOf([name])}`
    const isSecret = draft.inputs[name]?.secret === true
    if (isSecret && !secrets.includes(value as string)) {
      const hint = 'give it ${{ inputs.NAME }} of an input with "secret": true'
      tell(field, `expected a secret input for "${name}", which is one`, hint)
    }
    if (!isSecret && textsIn(value).some((text) => secrets.some((it) => text.includes(it)))) {
      const hint = `write "secret": true at the input "${name}" of that workflow`
      tell(field, `expected a value that is not secret for "${name}", which is none`, hint)
    }
  }
}

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}
