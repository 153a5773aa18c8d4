import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { builtinSteps } from '../library/builtin.ts'
import type { JsonSchema } from '../core/input-schema.ts'
import { defineStep, type Step } from '../core/step.ts'
import { workflowJsonSchema } from '../core/workflow-schema.ts'

const path = 'workflows/workflow.schema.json'

/** A part of the schema, by its keywords. */
const part = (schema: unknown, ...keywords: readonly (string | number)[]): unknown =>
  keywords.reduce<unknown>((it, keyword) => (it as JsonSchema)[keyword], schema)

const items = (steps: readonly Step[]): unknown => part(workflowJsonSchema(steps), '$defs', 'step')

/** What the schema says of a field of `with` of a built-in step type. */
function field(type: string, name: string): unknown {
  const rules = part(items(builtinSteps), 'allOf') as readonly JsonSchema[]
  const rule = rules.find((it) => part(it, 'if', 'properties', 'uses', 'const') === type)
  return part(rule, 'then', 'properties', 'with', 'properties', name)
}

test(`${path} is current: run "npm run docs" when it is not`, () => {
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(workflowJsonSchema(builtinSteps))))
})

test('completes step types, and lets those of plugins pass', () => {
  const uses = part(items(builtinSteps), 'properties', 'uses', 'anyOf') as readonly JsonSchema[]
  expect(uses[0]!['enum']).toEqual(builtinSteps.map(({ type }) => type))
  expect(uses[0]!['enumDescriptions']).toEqual(builtinSteps.map(({ summary }) => summary))
  expect(uses[1]).toEqual({ type: 'string' })
})

test('explains a field with unit, default and example, and lets an expression stand for it', () => {
  expect(field('check', 'within')).toEqual({
    description: 'seconds in which it is tried again; 0 tries once',
    markdownDescription: 'seconds in which it is tried again; 0 tries once\n\nDefault: `10`\n\nExample: `60`',
    default: 10,
    examples: [60],
    anyOf: [
      { type: 'number', minimum: 0, maximum: 3600 },
      { type: 'string', pattern: '\\$\\{\\{' },
    ],
  })
})

test('explains each word of a choice', () => {
  expect(part(field('iptables', 'policy'), 'anyOf', 0)).toMatchObject({
    enum: ['ACCEPT', 'DROP'],
    enumDescriptions: ['lets them pass', 'drops them without a word'],
  })
})

test('shows the text of the field, not of one of its alternatives', () => {
  expect(field('route', 'to')).toMatchObject({ description: expect.stringContaining('where the route leads') })
  expect(JSON.stringify(part(field('route', 'to'), 'anyOf'))).not.toContain('escription')
})

test('offers a whole step of each type, in which "$" is no place to fill in', () => {
  const [netns] = builtinSteps
  const example = { id: 'a', uses: 'mine', with: { text: '${{ inputs.a }}' } }
  const mine = defineStep({ ...netns!, type: 'mine', docs: { examples: [example] } })
  const whole = workflowJsonSchema([netns!, mine])
  const snippets = part(whole, 'properties', 'steps', 'items', 'defaultSnippets') as readonly JsonSchema[]
  expect(snippets.map(({ label }) => label)).toEqual(['netns', 'mine', 'forEach'])
  expect(part(whole, '$defs', 'group', 'properties', 'steps', 'items', 'defaultSnippets')).toEqual(snippets.slice(0, 2))
  expect(snippets[1]!['body']).toEqual({ ...example, with: { text: '\\${{ inputs.a }}' } })
})

test('tells a step from a group, whose steps have no forEach of their own', () => {
  const whole = workflowJsonSchema(builtinSteps)
  expect(part(whole, 'properties', 'steps', 'items')).toMatchObject({
    if: { required: ['steps'] },
    then: { $ref: '#/$defs/group' },
    else: { $ref: '#/$defs/step' },
  })
  expect(part(whole, '$defs', 'group', 'required')).toEqual(['steps'])
  expect(part(whole, '$defs', 'group', 'properties', 'steps', 'items')).toMatchObject({
    $ref: '#/$defs/step',
    properties: { forEach: false },
  })
  expect(part(whole, '$defs', 'step', 'properties', 'forEach', 'description')).toContain('${{ each }}')
})

test('takes fields with the names of keywords for what they are', () => {
  const jsonSchema = { input: () => ({ type: 'object', properties: { enum: { type: 'integer' }, const: {} } }) }
  const [netns] = builtinSteps
  const odd = { ...netns!, type: 'odd', input: { '~standard': { ...netns!.input['~standard'], jsonSchema } } } as Step
  expect(part(items([odd]), 'allOf', 0, 'then', 'properties', 'with', 'properties')).toEqual({
    enum: { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '\\$\\{\\{' }] },
    const: {},
  })
})
