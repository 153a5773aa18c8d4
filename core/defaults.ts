import { inputSchemaOf, type JsonSchema } from './input-schema.ts'
import type { Json } from './json.ts'
import { didYouMean } from './near.ts'
import { listed, pointerOf, type Problem } from './problems.ts'
import type { Registry } from './registry.ts'
import { problemAt, type Block, type Draft, type DraftStep } from './workflow.ts'

/**
 * Adds defaults to what the steps of a workflow are given: those of the workflow, and before them those of a group. A step
 * type gets those that it has a field for; one whose fields nobody knows gets all.
 */
export function withDefaults(draft: Draft, registry: Registry, problems: Problem[]): Draft {
  const used = new Set<string>()
  const known = new Set<string>()
  const all = (block: Block): readonly Default[] => [
    ...listIn(draft.defaults, '/defaults'),
    ...listIn(block.defaults, `${block.pointer}/defaults`),
  ]
  const blocks = draft.blocks.map((block) => {
    const defaults = all(block)
    if (defaults.length === 0) return block
    const steps = block.steps.map((step) => {
      const fields = fieldsOf(registry, step.uses)
      for (const field of fields ?? []) known.add(field)
      const fitting = defaults.filter(({ field }) => fields === undefined || fields.has(field))
      for (const { pointer } of fitting) used.add(pointer)
      return withThose(step, fitting)
    })
    return { ...block, steps }
  })
  const given = [...new Map(draft.blocks.flatMap(all).map((it) => [it.pointer, it])).values()]
  for (const { field, pointer } of given.filter((it) => !used.has(it.pointer))) {
    const hint = (): string => didYouMean(field, [...known]) ?? `they have ${listed([...known])}`
    problems.push(problemAt(draft.source, pointer, `expected a field that a step here has, got "${field}"`, hint))
  }
  return { ...draft, blocks }
}

interface Default {
  readonly field: string
  readonly value: Json
  readonly pointer: string
}

const listIn = (defaults: Draft['defaults'], pointer: string): readonly Default[] =>
  Object.entries(defaults).map(([field, value]) => ({ field, value, pointer: pointer + pointerOf([field]) }))

/** What stands in a step itself counts before what stands around it. */
function withThose(step: DraftStep, defaults: readonly Default[]): DraftStep {
  const missing = defaults.filter(({ field }) => !Object.hasOwn(step.with, field))
  return {
    ...step,
    with: { ...Object.fromEntries(missing.map(({ field, value }) => [field, value])), ...step.with },
    origins: Object.fromEntries(missing.map(({ field, pointer }) => [field, pointer])),
  }
}

/** Names the fields that a step type has; undefined when nobody knows. */
function fieldsOf({ stepOf }: Registry, uses: string): ReadonlySet<string> | undefined {
  const step = stepOf(uses)
  if (!step) return new Set()
  const schema = inputSchemaOf(step)
  return schema && new Set(propertiesIn(schema))
}

function propertiesIn({ properties = {}, anyOf = [], oneOf = [], allOf = [] }: JsonSchema): readonly string[] {
  const parts = [anyOf, oneOf, allOf].flat() as readonly JsonSchema[]
  return [...Object.keys(properties as object), ...parts.flatMap(propertiesIn)]
}
