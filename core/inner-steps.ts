import type { StepSpec } from './events.ts'
import { hasExpression } from './expression.ts'
import type { Json } from './json.ts'
import type { Inner } from './nested.ts'
import { fillWith, neededBy, templatesIn } from './resolve.ts'
import { allOf } from './step-flow.ts'
import { MAX_ID } from './step-id.ts'

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
