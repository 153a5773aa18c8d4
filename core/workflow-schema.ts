import { z } from 'zod'
import type { Step } from './step.ts'
import { workflowSchema } from './workflow.ts'

type Schema = { readonly [keyword: string]: unknown }

/**
 * Makes the JSON Schema of workflow files with these step types: what editors complete and explain from.
 *
 * It lets pass everything that `nsnet validate` lets pass: every value may be a text with `${{ … }}`. A step type whose
 * input is not a zod schema accepts anything.
 *
 * @see https://json-schema.org/draft/2020-12
 */
export function workflowJsonSchema(steps: readonly Step[]): Schema {
  const whole = z.toJSONSchema(workflowSchema, { io: 'input' }) as Schema
  const properties = whole['properties'] as { readonly [field: string]: Schema }
  const items = properties['steps']!['items'] as Schema
  return {
    ...whole,
    title: 'nsnet workflow',
    properties: { ...properties, steps: { ...properties['steps'], items: { ...items, allOf: steps.map(ruleFor) } } },
  }
}

/** What `with` must be for a step type. */
function ruleFor({ type, summary, input }: Step): Schema {
  const given =
    '_zod' in input
      ? openToExpressions(z.toJSONSchema(input as unknown as z.ZodType, { io: 'input', unrepresentable: 'any' }))
      : {}
  const { $schema: _, ...rest } = given as Schema
  return {
    if: { properties: { uses: { const: type } }, required: ['uses'] },
    then: { properties: { uses: { const: type, description: summary }, with: rest } },
  }
}

const expression = { type: 'string', pattern: '\\$\\{\\{' }

function openToExpressions(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(openToExpressions)
  if (typeof node !== 'object' || node === null) return node
  const schema = node as Schema
  const { description, examples, ...constraints } = schema
  if (isLeaf(schema)) return { ...described(description, examples), anyOf: [constraints, expression] }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === 'required' ? value : openToExpressions(value)]),
  )
}

/** A schema of single values that a text with an expression would not pass. */
function isLeaf({ type, pattern, enum: values, const: value, format }: Schema): boolean {
  if (values !== undefined || value !== undefined) return true
  return (
    type === 'integer' ||
    type === 'number' ||
    type === 'boolean' ||
    (type === 'string' && (pattern ?? format) !== undefined)
  )
}

const described = (description: unknown, examples: unknown): Schema => ({
  ...(description === undefined ? {} : { description }),
  ...(examples === undefined ? {} : { examples }),
})
