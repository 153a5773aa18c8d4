import { z } from 'zod'
import type { JsonSchema } from '../input-schema.ts'
import type { Issue, Schema } from '../schema.ts'

/**
 * Makes a Standard Schema of a JSON Schema (draft 2020-12, 7 or 4).
 *
 * @throws Error for keywords that cannot be checked (`if`, `not`, `unevaluatedProperties` and the like)
 */
export function schemaFrom(schema: JsonSchema): Schema<unknown> {
  if (schema['type'] !== 'object') throw new Error(`expected a schema of "type": "object"`)
  const checked = z.fromJSONSchema(schema) as z.ZodObject
  // what names the fields that there are, for advice
  return Object.assign(Object.create(checked) as object, {
    '~standard': standardOf(checked, schema),
  }) as Schema<unknown>
}

function standardOf(checked: z.ZodObject, schema: JsonSchema) {
  return {
    version: 1,
    vendor: 'nsnet',
    validate: (value: unknown) => {
      const { success, data, error } = checked.safeParse(value)
      return success ? { value: data } : { issues: error!.issues.map(inWords) }
    },
    jsonSchema: { input: () => schema },
  } as const
}

/** Says what a pattern expects as the other mistakes are told. */
function inWords(issue: z.core.$ZodIssue): Issue {
  if (issue.code !== 'invalid_format' || issue.pattern === undefined) return issue
  return { ...issue, message: `expected a text that matches ${issue.pattern}` }
}
