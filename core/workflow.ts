import { z } from 'zod'
import { mistakesOf, type Mistake } from './issues.ts'
import type { Json } from './json.ts'
import { ENOUGH, pointerOf, type Hint, type Problem } from './problems.ts'
import type { Schema } from './schema.ts'
import type { Source } from './source.ts'
import {
  groupedStepSchema,
  groupSchema,
  inputsSchema,
  pluginPath,
  stepSchema,
  workflowSchema,
  type InputSpec,
} from './workflow-format.ts'

/** A workflow file as far as it could be understood; `problems` say where it could not. */
export interface Draft {
  readonly source: Source
  readonly name: string
  readonly inputs: { readonly [name: string]: InputSpec }
  readonly plugins: readonly string[]
  readonly blocks: readonly Block[]
  readonly problems: readonly Problem[]
}

/** A step or a group of steps, as the file has it. */
export interface Block {
  /** JSON pointer, RFC 6901. */
  readonly pointer: string
  /** It has a `forEach`, or is a group and should have. */
  readonly isRepeated: boolean
  /** What it is repeated for, whatever stands there. */
  readonly forEach: Json | undefined
  readonly steps: readonly DraftStep[]
}

/** A step as the file has it. */
export interface DraftStep {
  readonly pointer: string
  readonly id: string
  readonly uses: string
  readonly name?: string | undefined
  readonly with: { readonly [field: string]: Json }
}

/** A workflow file, but for its inputs and steps: these are looked at one by one, until there are mistakes enough. */
const headSchema = workflowSchema.extend({
  inputs: z.record(z.string(), z.unknown()).default({}),
  steps: z.array(z.unknown()),
})

/** Understands what it can of a workflow file, so that all its mistakes can be told at once. */
export function draftOf(source: Source): Draft {
  const { value } = source
  const head = headSchema.safeParse(value)
  const parts = (typeof value === 'object' && value !== null ? value : {}) as { readonly [field: string]: unknown }
  const list: readonly unknown[] = Array.isArray(parts['steps']) ? parts['steps'] : []
  const mistakes = head.success ? [] : [...mistakesOf(head.error.issues, value, headSchema as Schema<unknown>)]
  const inputs = head.success ? head.data.inputs : headSchema.shape.inputs.catch({}).parse(parts['inputs'] ?? {})
  const specs = Object.entries(inputs).map(([key, spec]) => [key, draftInput(spec, key, mistakes)])
  const blocks = list.flatMap((item, index) => draftBlock(item, ['steps', index], mistakes))
  return {
    source,
    name: typeof parts['name'] === 'string' ? parts['name'] : '',
    inputs: Object.fromEntries(specs) as Draft['inputs'],
    plugins: z
      .array(pluginPath)
      .catch([])
      .parse(parts['plugins'] ?? []),
    blocks,
    problems: mistakes.map(({ path, message, hint }) => problemAt(source, pointerOf(path), message, hint)),
  }
}

/** Places a mistake in the file. */
export function problemAt({ at }: Source, pointer: string, message: string, hint?: Hint): Problem {
  return { ...at(pointer), pointer, message, hint }
}

function draftInput(value: unknown, key: string, mistakes: Mistake[]): unknown {
  if (mistakes.length >= ENOUGH) return value
  const input = inputsSchema.safeParse({ [key]: value })
  if (input.success) return input.data[key]
  for (const mistake of mistakesOf(input.error.issues, { [key]: value }, inputsSchema as Schema<unknown>))
    mistakes.push({ ...mistake, path: ['inputs', ...mistake.path] })
  return value
}

/** What stands in `forEach` is looked at when it is filled in: that finds the same mistakes in texts and in what they give. */
const anything = { forEach: z.unknown().optional() }
const onlyStep = stepSchema.extend(anything)
const onlyGroup = groupSchema.extend({ ...anything, steps: z.array(z.unknown()).min(1) })

function draftBlock(value: unknown, path: readonly PropertyKey[], mistakes: Mistake[]): readonly Block[] {
  if (mistakes.length >= ENOUGH) return []
  const pointer = pointerOf(path)
  const forEach = has(value, 'forEach') ? (value['forEach'] as Json) : undefined
  if (!has(value, 'steps')) {
    const steps = draftStep(onlyStep, value, path, mistakes)
    return steps.length === 0 ? [] : [{ pointer, isRepeated: has(value, 'forEach'), forEach, steps }]
  }
  const group = onlyGroup.safeParse(value)
  if (!group.success) note(mistakes, path, mistakesOf(group.error.issues, value, onlyGroup as Schema<unknown>))
  const list: readonly unknown[] = Array.isArray(value['steps']) ? value['steps'] : []
  const steps = list.flatMap((step, index) => draftGrouped(step, [...path, 'steps', index], mistakes))
  return [{ pointer, isRepeated: true, forEach, steps }]
}

function draftGrouped(value: unknown, path: readonly PropertyKey[], mistakes: Mistake[]): readonly DraftStep[] {
  const nested = (['forEach', 'steps'] as const).find((field) => has(value, field))
  if (nested === undefined) return draftStep(groupedStepSchema, value, path, mistakes)
  const message = `expected a step that is done once in each round, got "${nested}" inside of a group`
  mistakes.push({ path: [...path, nested], message, hint: 'a list of objects can hold what two lists would' })
  return []
}

function draftStep(
  schema: typeof onlyStep | typeof groupedStepSchema,
  value: unknown,
  path: readonly PropertyKey[],
  mistakes: Mistake[],
): readonly DraftStep[] {
  if (mistakes.length >= ENOUGH) return []
  const pointer = pointerOf(path)
  const step = schema.safeParse(value)
  if (!step.success) note(mistakes, path, mistakesOf(step.error.issues, value, schema as Schema<unknown>))
  const { id = '', uses, name, with: given = {} } = (step.data ?? value ?? {}) as Partial<Record<string, unknown>>
  if (typeof uses !== 'string' || typeof given !== 'object' || given === null) return []
  const words = { id: typeof id === 'string' ? id : '', uses, ...(typeof name === 'string' ? { name } : {}) }
  return [{ pointer, ...words, with: given as DraftStep['with'] }]
}

function note(mistakes: Mistake[], above: readonly PropertyKey[], found: readonly Mistake[]): void {
  for (const mistake of found) mistakes.push({ ...mistake, path: [...above, ...mistake.path] })
}

const has = (value: unknown, field: string): value is { readonly [field: string]: unknown } =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, field)
