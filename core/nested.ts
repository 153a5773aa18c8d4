import type { StepSpec } from './events.ts'
import type { Scope } from './expression-values.ts'
import type { Json } from './json.ts'
import { pointerOf, type Problem } from './problems.ts'
import { fillWith, readsOutputs, templatesIn } from './resolve.ts'
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
