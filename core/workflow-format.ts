import { z } from 'zod'

/** Names of steps and inputs: they appear in expressions, comments of rules and file names. */
const name = z
  .string()
  .regex(/^[A-Za-z][\w-]{0,62}$/, 'expected a name of up to 63 letters, digits, "_" and "-", beginning with a letter')

/** Name of a workflow: it appears in every list, and says who holds a lock. */
const title = z
  .string()
  .regex(/^[^\x00-\x1f\x7f-\x9f]{1,200}$/, 'expected a name of 1 to 200 characters, without control characters')

/**
 * A plugin: a file counted from the workflow's, or an npm package. Loading it runs its code, so a workflow is trusted like a script:
 * it may name what its author can reach from it. An absolute path would hold on one machine alone, and an address
 * (`data:`, `node:`) is no file: they are refused.
 */
export const pluginPath = z
  .string()
  .regex(
    /^(?!\/)(?![A-Za-z][\w+.-]*:)(?!(?:[^]*\/)?\.{0,2}$)[^\x00-\x1f\x7f]{1,4096}$/,
    'expected a file relative to this one, such as "./mtu.mjs" or "../shared/mtu.ts", or the name of an npm package',
  )

/** Types of inputs whose values are texts. */
const textual: ReadonlySet<string> = new Set(['string', 'address', 'prefix', 'link', 'netns', 'enum'])

/** Types of inputs, as `type` says them. */
export const inputTypes = [
  'string',
  'integer',
  'boolean',
  'list',
  'address',
  'prefix',
  'link',
  'netns',
  'enum',
] as const

/** An input of a workflow. */
export const inputSchema = z
  .strictObject({
    type: z
      .enum(inputTypes)
      .default('string')
      .describe('type of the value; an address is one with or without a length, an enum one of "values"'),
    default: z
      .union([z.string(), z.int(), z.boolean(), z.array(z.unknown())])
      .optional()
      .describe('value when none is set; may have ${{ … }}'),
    description: z.string().optional().describe('what it is for'),
    values: z.array(z.string()).min(1).max(1000).optional().describe('what an enum can be'),
    pattern: z.string().max(200).optional().describe('a regular expression that the whole text has to match'),
    min: z.int().optional().describe('the least integer; of a string or list, the least length'),
    max: z.int().optional().describe('the greatest integer; of a string or list, the greatest length'),
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
  .refine(({ type, values }) => (type === 'enum') === (values !== undefined), {
    error: 'an enum, and nothing else, has "values": what it can be',
    path: ['type'],
  })
  .refine(({ type, pattern }) => pattern === undefined || textual.has(type), {
    error: 'expected a pattern only of an input that is a text',
    path: ['pattern'],
  })
  .refine(({ pattern }) => pattern === undefined || isPattern(pattern), {
    error: 'expected a regular expression',
    path: ['pattern'],
  })
  .refine((spec) => (spec.min ?? spec.max) === undefined || /^(integer|string|list)$/.test(spec.type), {
    error: 'only an integer, a string or a list has bounds',
    path: ['type'],
  })
  .refine(({ min = -Infinity, max = Infinity }) => min <= max, {
    error: ({ input }) => `expected a "min" of at most "max", which is ${(input as { readonly max: number }).max}`,
    path: ['min'],
  })

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}

/** A text that stands for something else. */
const expression = z.string().regex(/\$\{\{/, 'expected an expression, ${{ … }}')

/** A number of a range, in the file. */
const bound = z.union([z.int(), expression])

/** What a step or a group is repeated for, as the file says it. */
const forEachSchema = z
  .union([z.array(z.unknown()), z.strictObject({ from: bound, to: bound }), expression])
  .describe(
    'a list, or the integers from … to …: it is done once for each; ${{ each }} is the value, ${{ index }} counts from 0',
  )

/** When a step or group is taken. */
const condition = z
  .union([z.boolean(), expression])
  .describe('a condition, ${{ … }}: where it is false the step is skipped, and with it what needs it')

/** Id of a step, or of one of its rounds. */
const stepName = z.string().regex(/^[A-Za-z][\w-]{0,62}(\[.{1,18}\])?$/, 'expected the id of a step')

const seconds = { error: 'expected seconds, more than 0 and at most 86400' }

const tries = { error: 'expected an integer from 1 to 100' }

/** How often a step is tried again. */
export const retrySchema = z.strictObject({
  times: z.int(tries).min(1, tries).max(100, tries).describe('how often it is tried again, at most'),
  delay: z.number().min(0).max(3600).default(1).describe('how many seconds it is waited before'),
  factor: z.number().min(1).max(10).default(1).describe('how many times longer it is waited each time, up to an hour'),
  on: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('only when the failure says one of these texts; "timeout" is one'),
})

/** A step that stands in a group. */
export const groupedStepSchema = z.strictObject({
  id: name.describe('name of the step: unique, used in ${{ steps.ID.outputs.NAME }} and by undo --to'),
  uses: z.string().describe('step type'),
  name: z.string().optional().describe('what the step is for, in words'),
  with: z.record(z.string(), z.unknown()).default({}).describe('what the step type needs; texts may have ${{ … }}'),
  needs: z
    .array(stepName)
    .optional()
    .describe('earlier steps that have to hold before it begins; when one was skipped or failed, it is skipped'),
  if: condition.optional(),
  retry: retrySchema.optional().describe('tries it again when it fails'),
  timeout: z
    .number(seconds)
    .positive(seconds)
    .max(86_400, seconds)
    .optional()
    .describe(
      'how many seconds looking may take, and then its commands together, in each try; without it, each command 30',
    ),
  onFailure: z
    .enum(['stop', 'continue'])
    .optional()
    .describe('"continue": when it fails, the run goes on without it, and without what needs it'),
})

/** A step. */
export const stepSchema = groupedStepSchema.extend({ forEach: forEachSchema.optional() })

/** What steps are given that do not say it themselves. */
const defaultsSchema = z
  .record(z.string(), z.unknown())
  .describe('what is added to "with" of each step here whose type has such a field and that does not say it itself')

/** Steps that are done together, once for each value of a list or range. */
export const groupSchema = z.strictObject({
  forEach: forEachSchema.optional(),
  name: z.string().optional().describe('what the steps are for, in words'),
  if: condition.optional(),
  defaults: defaultsSchema.optional(),
  steps: z.array(groupedStepSchema).min(1).describe('taken in this order, in each round'),
})

/** The inputs of a workflow. */
export const inputsSchema = z.record(name, inputSchema)

/** The format of a workflow file, as far as it does not depend on the step types. */
export const workflowSchema = z.strictObject({
  $schema: z.string().optional().describe('lets editors complete and explain'),
  name: title.describe('name of the workflow'),
  description: z.string().optional().describe('what it is for'),
  inputs: inputsSchema.default({}).describe('values that --set NAME=VALUE changes'),
  plugins: z
    .array(pluginPath)
    .default([])
    .describe('files with custom step types, relative to this file, or npm packages'),
  defaults: defaultsSchema.optional(),
  steps: z.array(z.union([stepSchema, groupSchema])).describe('taken in this order, undone in reverse'),
  finally: z
    .array(z.union([stepSchema, groupSchema]))
    .default([])
    .describe('taken behind the steps whatever became of them: checks, for example'),
  outputs: z
    .record(name, z.unknown())
    .default({})
    .describe('what a run gives when it is whole; texts have ${{ steps.ID.outputs.NAME }}'),
})

/** An input as the file has it. */
export type InputSpec = z.infer<typeof inputSchema>
