import { expect, test } from 'vitest'
import { inputSchemaOf, type JsonSchema } from '../../core/input-schema.ts'
import { WORKFLOW } from '../../core/nested.ts'
import { builtinSteps } from '../../library/builtin.ts'
import { conforms } from '../../testing/conforms.ts'
import { examples } from './examples.ts'

/** It stands for the steps of another file, and plans nothing itself: nested.test.ts proves it by those. */
const steps = builtinSteps.filter(({ type }) => type !== WORKFLOW)

test('each step type has examples: add it to test/testing/examples.ts', () => {
  const told = Object.entries(examples).filter(([, given]) => given.length > 0)
  expect(told.map(([type]) => type).toSorted()).toEqual(steps.map(({ type }) => type).toSorted())
})

test.each(steps)('each field of the input of $type is in one of its examples', (step) => {
  const inputs = examples[step.type]!.map(({ input }) => input)
  const fields = [...new Set(fieldsIn(inputSchemaOf(step)!, []))]
  expect(fields.length).toBeGreaterThan(0)
  expect(fields.filter((field) => !inputs.some((input) => has(input, field.split('/'))))).toEqual([])
})

/** Those that the kernel at hand has what they need for. */
const tried = steps.flatMap((step) => {
  const given = examples[step.type]!.filter(({ lacks }) => lacks === undefined)
  return given.length === 0 ? [] : [{ type: step.type, step, given }]
})

test.concurrent.each(tried)(
  '$type keeps the contract of steps',
  async ({ step, given }) => {
    await conforms(step, given)
  },
  300_000,
)

/** Lists the fields of a schema, those of objects inside it by their path: `peers/endpoint`. */
function fieldsIn(schema: JsonSchema, path: readonly string[]): readonly string[] {
  const { properties = {}, items, anyOf = [] } = schema as Parts
  const named = Object.entries(properties).flatMap(([name, part]) => [
    [...path, name].join('/'),
    ...fieldsIn(part, [...path, name]),
  ])
  return [...named, ...[items ?? [], anyOf].flat().flatMap((part) => fieldsIn(part, path))]
}

interface Parts {
  readonly properties?: { readonly [name: string]: JsonSchema }
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

/** Says whether a value has something at a path; a list, when one of its items has. */
function has(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  if (Array.isArray(value)) return value.some((item) => has(item, [name, ...rest]))
  return typeof value === 'object' && value !== null && name in value && has(value[name as keyof typeof value], rest)
}
