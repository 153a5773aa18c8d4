import { z } from 'zod'
import { mistakesOf, type Mistake } from './issues.ts'
import { isObject, type Json } from './json.ts'
import { ENOUGH, pointerOf, type Hint, type Problem } from './problems.ts'
import type { Schema } from './schema.ts'
import type { Source } from './source.ts'
import {
  groupedStepSchema,
  groupSchema,
  inputsSchema,
  inputTypes,
  pluginPath,
  retrySchema,
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
  /** What is added to what all steps are given. */
  readonly defaults: Fields
  readonly outputs: Fields
  /** Those of `finally` come last. */
  readonly blocks: readonly Block[]
  /** The workflows that steps stand for, by the pointers of these. */
  readonly nested: ReadonlyMap<string, Draft>
  readonly problems: readonly Problem[]
}

/** A step or a group of steps, as the file has it. */
export interface Block {
  /** JSON pointer, RFC 6901. */
  readonly pointer: string
  /** It has a `forEach`. */
  readonly isRepeated: boolean
  /** What it is repeated for, whatever stands there. */
  readonly forEach: Json | undefined
  /** What is added to what its steps are given. */
  readonly defaults: Fields
  /** The condition of the group. */
  readonly if: Json | undefined
  /** It is taken whatever became of the others. */
  readonly finally: boolean
  readonly steps: readonly DraftStep[]
}

type Fields = { readonly [field: string]: Json }

/** A step as the file has it. */
export interface DraftStep {
  readonly pointer: string
  readonly id: string
  readonly uses: string
  readonly name?: string | undefined
  readonly with: Fields
  readonly flow: Flow
  /** Where fields of `with` stand that come from defaults. */
  readonly origins?: { readonly [field: string]: string }
}

/** When and how often a step is taken, as the file has it. */
export interface Flow {
  readonly needs?: readonly string[]
  readonly if?: Json
  readonly retry?: z.infer<typeof retrySchema>
  readonly timeout?: number
  readonly onFailure?: 'stop' | 'continue'
}

/** A workflow file, but for its inputs and steps: these are looked at one by one, until there are mistakes enough. */
const headSchema = workflowSchema.extend({
  inputs: z.record(z.string(), z.unknown()).default({}),
  steps: z.array(z.unknown()),
  finally: z.array(z.unknown()).default([]),
})

/** Understands what it can of a workflow file, so that all its mistakes can be told at once. */
export function draftOf(source: Source): Draft {
  const { value } = source
  const head = headSchema.safeParse(value)
  const parts = (typeof value === 'object' && value !== null ? value : {}) as { readonly [field: string]: unknown }
  const mistakes = head.success ? [] : [...mistakesOf(head.error.issues, value, headSchema as Schema<unknown>)]
  const inputs = head.success ? head.data.inputs : headSchema.shape.inputs.catch({}).parse(parts['inputs'] ?? {})
  const specs = Object.entries(inputs).map(([key, spec]) => [key, draftInput(spec, key, mistakes)])
  const blocks = (['steps', 'finally'] as const).flatMap((field) =>
    listIn(parts, field).flatMap((item, index) => draftBlock(item, [field, index], mistakes)),
  )
  return {
    source,
    name: typeof parts['name'] === 'string' ? parts['name'] : '',
    inputs: Object.fromEntries(specs) as Draft['inputs'],
    plugins: z
      .array(pluginPath)
      .catch([])
      .parse(parts['plugins'] ?? []),
    defaults: fieldsIn(parts, 'defaults'),
    outputs: fieldsIn(parts, 'outputs'),
    blocks,
    nested: new Map(),
    problems: mistakes.map(({ path, message, hint }) => problemAt(source, pointerOf(path), message, hint)),
  }
}

/** Places a mistake in the file. */
export function problemAt({ at, path }: Source, pointer: string, message: string, hint?: Hint, by?: string): Problem {
  return { file: path, ...at(pointer), pointer, message, hint, by }
}

function draftInput(value: unknown, key: string, mistakes: Mistake[]): unknown {
  if (mistakes.length >= ENOUGH) return value
  const input = inputsSchema.safeParse({ [key]: value })
  if (input.success) return input.data[key]
  for (const mistake of mistakesOf(input.error.issues, { [key]: value }, inputsSchema as Schema<unknown>))
    mistakes.push({ ...mistake, path: ['inputs', ...mistake.path] })
  return soundPart(value)
}

/** What can be used of an input that has a mistake. */
function soundPart(value: unknown): object {
  if (typeof value !== 'object' || value === null) return {}
  const { type, default: otherwise, secret } = value as { readonly [field: string]: unknown }
  const isType = (inputTypes as readonly unknown[]).includes(type) && type !== 'enum'
  return { default: otherwise, ...(isType ? { type } : {}), ...(secret === true ? { secret } : {}) }
}

const listIn = (value: { readonly [field: string]: unknown }, field: string): readonly unknown[] =>
  Array.isArray(value[field]) ? value[field] : []

function fieldsIn(value: { readonly [field: string]: unknown }, field: string): Fields {
  const given = value[field]
  return isObject(given) ? (given as Fields) : {}
}

/** What stands in `forEach` is looked at when it is filled in: that finds the same mistakes in texts and in what they give. */
const anything = { forEach: z.unknown().optional() }
const onlyStep = stepSchema.extend(anything)
const onlyGroup = groupSchema.extend({ ...anything, steps: z.array(z.unknown()).min(1) })

function draftBlock(value: unknown, path: readonly PropertyKey[], mistakes: Mistake[]): readonly Block[] {
  if (mistakes.length >= ENOUGH) return []
  const block = {
    pointer: pointerOf(path),
    isRepeated: has(value, 'forEach'),
    forEach: has(value, 'forEach') ? (value['forEach'] as Json) : undefined,
    finally: path[0] === 'finally',
  }
  if (!has(value, 'steps')) {
    const steps = draftStep(onlyStep, value, path, mistakes)
    return steps.length === 0 ? [] : [{ ...block, if: undefined, defaults: {}, steps }]
  }
  const group = onlyGroup.safeParse(value)
  if (!group.success) note(mistakes, path, mistakesOf(group.error.issues, value, onlyGroup as Schema<unknown>))
  const steps = listIn(value, 'steps').flatMap((step, index) => draftGrouped(step, [...path, 'steps', index], mistakes))
  const { if: condition } = group.success ? group.data : {}
  return [{ ...block, if: condition, defaults: fieldsIn(value, 'defaults'), steps }]
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
  return [{ pointer, ...words, with: given as Fields, flow: step.success ? flowIn(step.data) : {} }]
}

const flowIn = ({ needs, if: condition, retry, timeout, onFailure }: z.infer<typeof groupedStepSchema>): Flow =>
  Object.fromEntries(
    Object.entries({ needs, if: condition, retry, timeout, onFailure }).filter(([, it]) => it !== undefined),
  )

function note(mistakes: Mistake[], above: readonly PropertyKey[], found: readonly Mistake[]): void {
  for (const mistake of found) mistakes.push({ ...mistake, path: [...above, ...mistake.path] })
}

const has = (value: unknown, field: string): value is { readonly [field: string]: unknown } =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, field)
