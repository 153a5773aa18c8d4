import { z } from 'zod'
import type { Step } from './step.ts'

/** A JSON Schema, or a part of one. @see https://json-schema.org/draft/2020-12 */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/**
 * Tells the JSON Schema of what a step is given: of zod, and of validators that have Standard JSON Schema. Undefined when the
 * validator gives none.
 *
 * @see https://standardschema.dev/json-schema
 */
export function inputSchemaOf({ input }: Step): JsonSchema | undefined {
  try {
    if ('_zod' in input) {
      const options = { io: 'input', unrepresentable: 'any', override: withExamples } as const
      return z.toJSONSchema(input as unknown as z.ZodType, options) as JsonSchema
    }
    return (input['~standard'] as Described).jsonSchema?.input({ target: 'draft-2020-12' })
  } catch {
    return undefined
  }
}

/** Examples are what a workflow says; zod leaves them out where the value is transformed, as if they were its output. */
function withExamples({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }): void {
  const { examples } = z.globalRegistry.get(zodSchema) ?? {}
  if (examples !== undefined && jsonSchema['examples'] === undefined) Object.assign(jsonSchema, { examples })
}

interface Described {
  readonly jsonSchema?: { readonly input: (options: { readonly target: 'draft-2020-12' }) => JsonSchema }
}
