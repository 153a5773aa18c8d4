import { inputSchemaOf, type JsonSchema } from '../../core/input-schema.ts'
import type { Step } from '../../core/step.ts'
import type { StepExample } from '../../core/step-docs.ts'
import { kindOf } from './kind.ts'

/** All that people can know of a step type, as data: what `nsnet steps`, its `--json` and docs/steps.md are made of. */
export interface StepSheet {
  readonly type: string
  readonly summary: string
  /** Paragraphs. */
  readonly details: readonly string[]
  /** Fields of `with`; null when its validator tells none. */
  readonly fields: readonly Field[] | null
  readonly outputs: readonly { readonly name: string; readonly description: string }[]
  readonly examples: readonly StepExample[]
  readonly manual: readonly string[]
}

/** A field of `with`; one inside another is named `peer.mtu`. */
export interface Field {
  readonly name: string
  /** What it takes, with its bounds: `integer from 68 to 65535`. */
  readonly kind: string
  readonly required: boolean
  readonly default?: unknown
  readonly description: string
  /** The words that it takes, where each has a meaning. */
  readonly words: readonly { readonly word: string; readonly meaning: string }[]
  readonly examples: readonly unknown[]
}

/** Gathers what a step type tells of itself. */
export function sheetOf(step: Step): StepSheet {
  const { type, summary = '' } = step
  const { details = '', examples = [], outputs = {}, manual = [] } = step.docs ?? {}
  const schema = inputSchemaOf(step)
  return {
    type,
    summary,
    details: details.split(/\n{2,}/).filter((paragraph) => paragraph !== ''),
    fields: schema === undefined ? null : fieldsOf(schema, ''),
    outputs: Object.keys(step.outputs ?? {}).map((name) => ({ name, description: outputs[name] ?? '' })),
    examples,
    manual,
  }
}

function fieldsOf(schema: JsonSchema, above: string): readonly Field[] {
  const alternatives = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonSchema[] | undefined
  if (alternatives !== undefined) return merged(alternatives.map((each) => fieldsOf(each, above)))
  const required = (schema['required'] ?? []) as readonly string[]
  const properties = (schema['properties'] ?? {}) as { readonly [field: string]: JsonSchema }
  return Object.entries(properties).flatMap(([name, part]) => {
    const inner = part['type'] === 'object' ? fieldsOf(part, `${above}${name}.`) : []
    return [fieldOf(`${above}${name}`, part, required.includes(name)), ...inner]
  })
}

/** The fields of several alternatives; required are those that each of them requires. */
function merged(alternatives: readonly (readonly Field[])[]): readonly Field[] {
  const isRequired = (name: string): boolean =>
    alternatives.every((fields) => fields.some((field) => field.name === name && field.required))
  const byName = new Map(alternatives.flat().map((field) => [field.name, field]))
  return [...byName.values()].map((field) => ({ ...field, required: isRequired(field.name) }))
}

function fieldOf(name: string, part: JsonSchema, required: boolean): Field {
  const { description = '', examples = [], enum: words = [], enumDescriptions = [] } = part as Told
  const explained = words.map((word, at) => ({ word: String(word), meaning: enumDescriptions[at] ?? '' }))
  const head = { name, kind: kindOf(part), required, ...('default' in part ? { default: part['default'] } : {}) }
  return { ...head, description, words: explained.filter(({ meaning }) => meaning !== ''), examples }
}

interface Told {
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly enumDescriptions?: readonly string[]
}
