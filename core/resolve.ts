import type { StepSpec } from './events.ts'
import { ExpressionError, hasExpression, parseTemplate, type Scope, type Template } from './expression.ts'
import { mistakesOf, type Mistake } from './issues.ts'
import type { Json } from './json.ts'
import { pointerOf } from './problems.ts'
import type { Facts, Step } from './step.ts'

/** A text with expressions, and where it stands in a tree. */
export interface Placed {
  readonly path: readonly PropertyKey[]
  readonly template: Template
}

/** Finds the expressions of a tree; those that cannot be understood are mistakes. */
export function templatesIn(tree: unknown): {
  readonly templates: readonly Placed[]
  readonly mistakes: readonly Mistake[]
} {
  const templates: Placed[] = []
  const mistakes: Mistake[] = []
  walk(tree, [], (text, path) => {
    try {
      templates.push({ path, template: parseTemplate(text) })
    } catch (error) {
      mistakes.push(expressionMistake(error, path))
    }
  })
  return { templates, mistakes }
}

/** Fills the given expressions into a copy of a tree. */
export function fill(
  tree: Json,
  templates: readonly Placed[],
  scope: Scope,
): { readonly value: Json; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = []
  const values = new Map<string, Json>()
  for (const { path, template } of templates) {
    try {
      values.set(pointerOf(path), template.evaluate(scope))
    } catch (error) {
      mistakes.push(expressionMistake(error, path))
    }
  }
  return { value: values.size === 0 ? tree : copyWith(tree, values, ''), mistakes }
}

/** What expressions read, beside the outputs of earlier steps. */
export interface Known {
  readonly inputs: { readonly [name: string]: Json }
  readonly facts: Facts
  readonly outputs: Scope['steps']
}

/** Lays out what expressions read. */
export const scopeOf = ({ inputs, facts, outputs }: Known): Scope => ({ inputs, host: { ...facts }, steps: outputs })

/** Resolves and validates what a step is given, now that the outputs of all steps before it are known. */
export async function resolveStep(
  spec: StepSpec,
  step: Step,
  known: Known,
): Promise<{ readonly input: unknown } | { readonly failure: string }> {
  const { templates } = templatesIn(spec.with)
  const { value, mistakes } = fill(spec.with, templates, scopeOf(known))
  const result = mistakes.length > 0 ? undefined : await step.input['~standard'].validate(value)
  if (result && !result.issues) return { input: result.value }
  const found = result ? mistakesOf(result.issues, value, step.input) : mistakes
  return { failure: found.map(({ path, message }) => `${pointerOf(['with', ...path])}: ${message}`).join('; ') }
}

function walk(
  tree: unknown,
  path: readonly PropertyKey[],
  visit: (text: string, path: readonly PropertyKey[]) => void,
): void {
  if (typeof tree === 'string') {
    if (hasExpression(tree)) visit(tree, path)
  } else if (typeof tree === 'object' && tree !== null) {
    for (const [key, value] of Object.entries(tree)) walk(value, [...path, key], visit)
  }
}

/** Copies a tree, with other values at some places; `at` is the JSON pointer of the tree. */
export function copyWith(tree: Json, values: ReadonlyMap<string, Json>, at: string): Json {
  const value = values.get(at)
  if (value !== undefined) return value
  if (Array.isArray(tree)) return tree.map((item: Json, index) => copyWith(item, values, `${at}/${index}`))
  if (typeof tree !== 'object' || tree === null) return tree
  const entries = Object.entries(tree).map(([key, item]) => [
    key,
    copyWith(item as Json, values, at + pointerOf([key])),
  ])
  return Object.fromEntries(entries) as Json
}

function expressionMistake(error: unknown, path: readonly PropertyKey[]): Mistake {
  if (error instanceof ExpressionError) return { path, message: error.message }
  throw error
}
