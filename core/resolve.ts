import type { StepSpec } from './events.ts'
import { escaped, ExpressionError, hasExpression, parseTemplate, type Template } from './expression.ts'
import type { Scope } from './expression-values.ts'
import { mistakesOf, type Mistake } from './issues.ts'
import type { Json } from './json.ts'
import { ofObject } from './memo.ts'
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

/** Names the steps whose outputs a tree reads. */
export function readsOutputs(tree: Json): readonly string[] {
  const read = templatesIn(tree).templates.flatMap(({ template }) => template.references)
  return [...new Set(read.flatMap(([root, id = '']) => (root === 'steps' ? [id] : [])))]
}

/** Names the steps that have to hold before a step begins: those that it needs, and those whose outputs it reads. */
export const neededBy = ofObject(({ needs = [], if: condition = true, with: given }: StepSpec): readonly string[] => [
  ...new Set([...needs, ...readsOutputs([condition, given])]),
])

/** Fills the given expressions into a copy of a tree. */
export const fill = (tree: Json, templates: readonly Placed[], scope: Scope): Filled =>
  fillWith(tree, templates, (template) => template.evaluate(scope))

/** A tree that texts were filled into. */
export interface Filled {
  readonly value: Json
  readonly mistakes: readonly Mistake[]
}

/** Puts what is made of the given expressions into a copy of a tree. */
export function fillWith(tree: Json, templates: readonly Placed[], make: (template: Template) => Json): Filled {
  const mistakes: Mistake[] = []
  // a list has one place for the whole tree too
  const copy = [templates.length === 0 ? tree : copyOf(tree)]
  for (const { path, template } of templates) {
    try {
      put(copy, [0, ...path], make(template))
    } catch (error) {
      mistakes.push(expressionMistake(error, path))
    }
  }
  return { value: copy[0]!, mistakes }
}

function copyOf(tree: Json): Json {
  if (typeof tree !== 'object' || tree === null) return tree
  if (Array.isArray(tree)) return tree.map(copyOf)
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, copyOf(item)]))
}

/** Replaces a part of a tree that is there. */
function put(tree: Json, path: readonly PropertyKey[], value: Json): void {
  let around = tree as { [key: PropertyKey]: Json }
  for (const key of path.slice(0, -1)) around = around[key] as { [key: PropertyKey]: Json }
  around[path.at(-1)!] = value
}

/**
 * Writes the texts at the given places so that they are read as what they are when the tree is filled in once more: a value
 * may look like an expression, and is none.
 */
export function literalAt(tree: Json, places: readonly Placed[]): Json {
  const odd = places.filter(({ path }) => looksLikeExpression(valueAt(tree, path)))
  if (odd.length === 0) return tree
  const copy = [copyOf(tree)]
  for (const { path } of odd) put(copy, [0, ...path], literalOf(valueAt(tree, path)))
  return copy[0]!
}

const valueAt = (tree: Json, path: readonly PropertyKey[]): Json =>
  path.reduce<Json>((value, key) => (value as { readonly [key: PropertyKey]: Json })[key]!, tree)

function looksLikeExpression(value: Json): boolean {
  if (typeof value === 'string') return hasExpression(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(looksLikeExpression)
}

function literalOf(value: Json): Json {
  if (typeof value === 'string') return escaped(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(literalOf)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literalOf(item)]))
}

/** What expressions read, beside the outputs of earlier steps. */
export interface Known {
  readonly inputs: { readonly [name: string]: Json }
  readonly facts: Facts
  readonly outputs: Scope['steps']
  readonly round?: Scope['round']
}

/** Lays out what expressions read. */
export const scopeOf = ({ inputs, facts, outputs, round }: Known): Scope => ({
  inputs,
  host: { ...facts },
  steps: outputs,
  round,
})

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

function expressionMistake(error: unknown, path: readonly PropertyKey[]): Mistake {
  if (error instanceof ExpressionError) return { path, message: error.message }
  throw error
}
