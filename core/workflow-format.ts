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
 * File of a plugin, beside the workflow file or below. Loading a plugin runs its code, so that a workflow brings its own
 * along, and cannot name just any file of the machine.
 */
export const pluginPath = z
  .string()
  .regex(
    /^(?!\/)(?!(?:[^]*\/)?\.\.(?:\/|$))[^\x00-\x1f\x7f]{1,4096}$/,
    'expected the path of a file beside this one or below, such as "./mtu.js"',
  )

/** An input of a workflow. */
export const inputSchema = z
  .strictObject({
    type: z.enum(['string', 'integer', 'boolean', 'list']).default('string').describe('type of the value'),
    default: z
      .union([z.string(), z.int(), z.boolean(), z.array(z.unknown())])
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

/** A text that stands for something else. */
const expression = z.string().regex(/\$\{\{/)

/** A number of a range, in the file. */
const bound = z.union([z.int(), expression])

/** What a step or a group is repeated for, as the file says it. */
const forEachSchema = z
  .union([z.array(z.unknown()), z.strictObject({ from: bound, to: bound }), expression])
  .describe(
    'a list, or the integers from … to …: it is done once for each; ${{ each }} is the value, ${{ index }} counts from 0',
  )

/** A step that stands in a group. */
export const groupedStepSchema = z.strictObject({
  id: name.describe('name of the step: unique, used in ${{ steps.ID.outputs.NAME }} and by undo --to'),
  uses: z.string().describe('step type'),
  name: z.string().optional().describe('what the step is for, in words'),
  with: z.record(z.string(), z.unknown()).default({}).describe('what the step type needs; texts may have ${{ … }}'),
})

/** A step. */
export const stepSchema = groupedStepSchema.extend({ forEach: forEachSchema.optional() })

/** Steps that are done together, once for each value of a list or range. */
export const groupSchema = z.strictObject({
  forEach: forEachSchema,
  name: z.string().optional().describe('what the steps are for, in words'),
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
  plugins: z.array(pluginPath).default([]).describe('files with custom step types, relative to this file'),
  steps: z.array(z.union([stepSchema, groupSchema])).describe('taken in this order, undone in reverse'),
})

/** An input as the file has it. */
export type InputSpec = z.infer<typeof inputSchema>
