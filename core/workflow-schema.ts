import { z } from 'zod'
import { inputSchemaOf, type JsonSchema } from './input-schema.ts'
import type { Step } from './step.ts'
import { groupSchema, stepSchema, workflowSchema } from './workflow-format.ts'

/**
 * Makes the JSON Schema of workflow files with these step types: what editors complete and explain from.
 *
 * It lets pass everything that `nsnet validate` lets pass: every value may be a text with `${{ … }}`, and a step type that is
 * not among these may come from a plugin. A step type whose input has no JSON Schema accepts anything. Beside the standard
 * keywords it has those of VS Code, which other tools skip.
 *
 * @see https://json-schema.org/draft/2020-12, https://code.visualstudio.com/docs/languages/json
 */
export function workflowJsonSchema(steps: readonly Step[]): JsonSchema {
  const whole = explained(z.toJSONSchema(workflowSchema, { io: 'input' }) as JsonSchema)
  const properties = whole['properties'] as { readonly [field: string]: JsonSchema }
  const step = explained(jsonSchemaOf(stepSchema))
  const ofStep = {
    ...step,
    properties: { ...(step['properties'] as object), uses: usesOf(steps) },
    allOf: steps.map(ruleFor),
  }
  const snippets = steps.flatMap(snippetFor)
  return {
    ...whole,
    title: 'nsnet workflow',
    properties: {
      ...properties,
      steps: { ...properties['steps'], items: itemOf([...snippets, groupSnippet]) },
      finally: { ...properties['finally'], items: itemOf(snippets) },
    },
    $defs: { step: ofStep, group: groupOf(snippets) },
  }
}

/** Makes a part of the schema. */
function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema
  return rest
}

/** A step, or a group: that is told by its steps. */
const itemOf = (defaultSnippets: readonly JsonSchema[]): JsonSchema => ({
  if: { required: ['steps'] },
  then: { $ref: '#/$defs/group' },
  else: { $ref: '#/$defs/step' },
  defaultSnippets,
})

/** A group, whose steps have no `forEach` of their own. */
function groupOf(defaultSnippets: readonly JsonSchema[]): JsonSchema {
  const group = explained(jsonSchemaOf(groupSchema))
  const properties = group['properties'] as { readonly [field: string]: JsonSchema }
  const items = { $ref: '#/$defs/step', properties: { forEach: false }, defaultSnippets }
  return { ...group, properties: { ...properties, steps: { ...properties['steps'], items } } }
}

const groupSnippet: JsonSchema = {
  label: 'forEach',
  description: 'Steps that are done once for each value of a list or range.',
  body: {
    forEach: { from: 1, to: 3 },
    steps: [{ id: 'netns', uses: 'netns', with: { netns: 'ns\\${{ each }}' } }],
  },
}

/** The known step types, for completion; one that is not among them may be a plugin's. */
function usesOf(steps: readonly Step[]): JsonSchema {
  const known = { enum: steps.map(({ type }) => type), enumDescriptions: steps.map(({ summary = '' }) => summary) }
  return { description: 'step type', anyOf: [known, { type: 'string' }] }
}

/** What `with` must be for a step type. */
function ruleFor(step: Step): JsonSchema {
  const { type, summary, docs } = step
  const { $schema: _, ...given } = opened(loosened(explained(inputSchemaOf(step) ?? {})))
  const markdown = [summary, docs?.details, docs?.manual?.join(', ')].filter((text) => text !== undefined).join('\n\n')
  const uses = { const: type, description: summary, markdownDescription: markdown }
  return {
    if: { properties: { uses: { const: type } }, required: ['uses'] },
    then: { properties: { uses, with: given } },
  }
}

/** Asks for no field: it may come from `defaults`. */
function loosened({ required: _, ...schema }: JsonSchema): JsonSchema {
  const loose = (keyword: 'anyOf' | 'oneOf' | 'allOf'): object =>
    Array.isArray(schema[keyword]) ? { [keyword]: (schema[keyword] as readonly JsonSchema[]).map(loosened) } : {}
  // of alternatives that ask for nothing, several may fit
  const { oneOf, ...one } = { ...schema, ...loose('anyOf'), ...loose('oneOf'), ...loose('allOf') } as JsonSchema
  return oneOf === undefined ? one : { ...one, anyOf: oneOf }
}

/** A step to begin with, where editors complete a whole step; `$` would be a place to fill in. */
function snippetFor({ type, summary, docs }: Step): readonly JsonSchema[] {
  const [example] = docs?.examples ?? []
  if (example === undefined) return []
  const body: unknown = JSON.parse(JSON.stringify(example).replaceAll('$', '\\\\$'))
  return [{ label: type, description: summary, body }]
}

/** Adds default and example to what editors show beside a field: they show nothing but its description. */
function explained(schema: JsonSchema): JsonSchema {
  const { description, default: preset, examples, anyOf } = schema
  const inside = withParts(schema, explained)
  if (typeof description !== 'string') return inside
  const more = [
    ...(preset === undefined ? [] : [`Default: ${code(preset)}`]),
    ...(Array.isArray(examples) ? [`Example: ${examples.map(code).join(', ')}`] : []),
  ]
  return {
    ...inside,
    ...(more.length === 0 ? {} : { markdownDescription: [description, ...more].join('\n\n') }),
    ...(Array.isArray(anyOf) ? { anyOf: (anyOf as JsonSchema[]).map(unexplained) } : {}),
  }
}

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``

/** An alternative without a text of its own: editors would show it instead of the one of the field. */
function unexplained({ description: _, examples: _examples, ...constraints }: JsonSchema): JsonSchema {
  return constraints
}

const expression = { type: 'string', pattern: '\\$\\{\\{' }

/** Lets every value be a text with an expression too. */
function opened(schema: JsonSchema): JsonSchema {
  if (!isLeaf(schema)) return withParts(schema, opened)
  const { description, markdownDescription, default: preset, examples, ...constraints } = schema
  const told = Object.entries({ description, markdownDescription, default: preset, examples })
  return { ...Object.fromEntries(told.filter(([, it]) => it !== undefined)), anyOf: [constraints, expression] }
}

/** A schema of single values that a text with an expression would not pass. */
function isLeaf({ type, pattern, enum: values, const: value, format }: JsonSchema): boolean {
  if (values !== undefined || value !== undefined) return true
  return (
    type === 'integer' ||
    type === 'number' ||
    type === 'boolean' ||
    (type === 'string' && (pattern ?? format) !== undefined)
  )
}

/** Changes the schemas inside a schema: of its fields, its items, its alternatives. */
function withParts(schema: JsonSchema, change: (part: JsonSchema) => JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (typeof value !== 'object' || value === null) return [keyword, value]
      if (/^(anyOf|oneOf|allOf|prefixItems)$/.test(keyword)) return [keyword, (value as JsonSchema[]).map(change)]
      if (/^(items|additionalProperties)$/.test(keyword)) return [keyword, change(value as JsonSchema)]
      if (!/^(properties|patternProperties|\$defs)$/.test(keyword)) return [keyword, value]
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, change(part)]))]
    }),
  )
}
