import { z } from 'zod'
import { mistakesOf, type Mistake } from './issues.ts'
import type { Json } from './json.ts'
import { ENOUGH, pointerOf, type Hint, type Problem } from './problems.ts'
import type { Schema } from './schema.ts'
import type { Source } from './source.ts'

/** Names of steps and inputs: they appear in expressions, comments of rules and file names. */
const name = z
  .string()
  .regex(/^[A-Za-z][\w-]{0,62}$/, 'expected a name of up to 63 letters, digits, "_" and "-", beginning with a letter')

/** Name of a workflow: it appears in every list, and says who holds a lock. */
const title = z
  .string()
  .regex(/^[^\x00-\x1f\x7f-\x9f]{1,200}$/, 'expected a name of 1 to 200 characters, without control characters')

/**
 * File of a plugin, beside the workflow file or below. Loading a plugin runs its code, so that a workflow brings its own
 * along, and cannot name just any file of the machine.
 */
const pluginPath = z
  .string()
  .regex(
    /^(?!\/)(?!(?:[^]*\/)?\.\.(?:\/|$))[^\x00-\x1f\x7f]{1,4096}$/,
    'expected the path of a file beside this one or below, such as "./mtu.js"',
  )

const inputSchema = z
  .strictObject({
    type: z.enum(['string', 'integer', 'boolean']).default('string').describe('type of the value'),
    default: z
      .union([z.string(), z.int(), z.boolean()])
      .optional()
      .describe('value when none is set; may have ${{ … }}'),
    description: z.string().optional().describe('what it is for'),
    secret: z
      .boolean()
      .default(false)
      .describe('a text that is never shown or journaled; given by --set-file or NSNET_INPUT_NAME'),
  })
  .refine(({ secret, type }) => !secret || type === 'string', {
    error: 'a secret input is a string: leave its type out',
    path: ['type'],
  })
  .refine(({ secret, default: otherwise }) => !secret || otherwise === undefined, {
    error: 'a secret input has no default, for it would stand in this file: leave it out',
    path: ['default'],
  })

const stepSchema = z.strictObject({
  id: name.describe('name of the step: unique, used in ${{ steps.ID.outputs.NAME }} and by undo --to'),
  uses: z.string().describe('step type'),
  name: z.string().optional().describe('what the step is for, in words'),
  with: z.record(z.string(), z.unknown()).default({}).describe('what the step type needs; texts may have ${{ … }}'),
})

const inputsSchema = z.record(name, inputSchema)

/** The format of a workflow file, as far as it does not depend on the step types. */
export const workflowSchema = z.strictObject({
  $schema: z.string().optional().describe('lets editors complete and explain'),
  name: title.describe('name of the workflow'),
  description: z.string().optional().describe('what it is for'),
  inputs: inputsSchema.default({}).describe('values that --set NAME=VALUE changes'),
  plugins: z.array(pluginPath).default([]).describe('files with custom step types, relative to this file'),
  steps: z.array(stepSchema).describe('taken in this order, undone in reverse'),
})

export type InputSpec = z.infer<typeof inputSchema>

/** A workflow file as far as it could be understood; `problems` say where it could not. */
export interface Draft {
  readonly source: Source
  readonly name: string
  readonly inputs: { readonly [name: string]: InputSpec }
  readonly plugins: readonly string[]
  readonly steps: readonly DraftStep[]
  readonly problems: readonly Problem[]
}

/** A step as the file has it; `index` is its place in the file. */
export interface DraftStep {
  readonly index: number
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
  const steps = list.flatMap((step, index) => draftStep(step, index, mistakes))
  return {
    source,
    name: typeof parts['name'] === 'string' ? parts['name'] : '',
    inputs: Object.fromEntries(specs) as Draft['inputs'],
    plugins: z
      .array(pluginPath)
      .catch([])
      .parse(parts['plugins'] ?? []),
    steps,
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

function draftStep(value: unknown, index: number, mistakes: Mistake[]): readonly DraftStep[] {
  if (mistakes.length >= ENOUGH) return []
  const step = stepSchema.safeParse(value)
  if (step.success) return [{ index, ...step.data, with: step.data.with as DraftStep['with'] }]
  for (const mistake of mistakesOf(step.error.issues, value, stepSchema as Schema<unknown>))
    mistakes.push({ ...mistake, path: ['steps', index, ...mistake.path] })
  const { id = '', uses, with: given = {} } = (value ?? {}) as Partial<Record<string, unknown>>
  if (typeof uses !== 'string' || typeof given !== 'object' || given === null) return []
  return [{ index, id: typeof id === 'string' ? id : '', uses, with: given as DraftStep['with'] }]
}
