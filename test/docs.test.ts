import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { builtinSteps } from '../library/builtin.ts'
import { markdownOf } from '../cli/steps/step-markdown.ts'
import { sheetOf } from '../cli/steps/step-sheet.ts'
import type { StepExample } from '../core/step-docs.ts'
import { mistakesIn } from './support/workflow.ts'

const page = readFileSync('docs/steps.md', 'utf8')
const sheets = builtinSteps.map(sheetOf)

test('docs/steps.md is current: run "npm run docs" when it is not', () => {
  expect(page).toBe(`${markdownOf(sheets)}\n`)
})

describe('each example of docs/steps.md is a step that nsnet takes', () => {
  const examples = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, text]) => JSON.parse(text!) as StepExample)
  test('and all are there', () => expect(examples).toHaveLength(sheets.flatMap((sheet) => sheet.examples).length))
  test.each(examples.map((example) => [example.uses, example] as const))('%s %j', async (_, example) => {
    expect(await mistakesIn(JSON.stringify({ name: 'example', steps: [example] }))).toEqual([])
    expect(example.name, 'says what it is for').toBeTruthy()
  })
})

describe.each(sheets.map((sheet) => [sheet.type, sheet] as const))('%s tells', (type, sheet) => {
  const step = builtinSteps.find((it) => it.type === type)!

  test('what it does, where to read more, and an example of itself', () => {
    expect(sheet.summary).toMatch(/^[A-Z].*\.$/)
    expect(sheet.details.length).toBeGreaterThan(0)
    expect(sheet.manual.length).toBeGreaterThan(0)
    expect(new Set(sheet.examples.map(({ uses }) => uses))).toEqual(new Set([type]))
  })

  test('what each field means, with an example that it takes', () => {
    const fields = sheet.fields ?? []
    expect(fields.filter(({ description }) => description === '')).toEqual([])
    expect(fields.filter(({ examples }) => examples.length === 0)).toEqual([])
    const shape = shapeOf(step.input as unknown as ZodLike)
    expect(Object.keys(shape).toSorted()).toEqual(
      fields.flatMap(({ name }) => (name.includes('.') ? [] : [name])).toSorted(),
    )
    for (const { name, examples } of fields.filter((field) => !field.name.includes('.')))
      for (const example of examples) {
        const { success } = shape[name]!.safeParse(example)
        expect({ name, example, success }).toEqual({ name, example, success: true })
      }
  })

  test('what each word means, and the unit of each number', () => {
    const fields = sheet.fields ?? []
    expect(fields.filter(({ kind, words }) => isChoice(kind) && words.length === 0)).toEqual([])
    const numbers = fields.filter(({ kind }) => /^(integer|number)/.test(kind) && !kind.includes('text'))
    expect(numbers.filter(({ description }) => !units.test(description))).toEqual([])
  })

  test('what each output is', () => {
    expect(Object.keys(step.docs?.outputs ?? {}).toSorted()).toEqual(Object.keys(step.outputs ?? {}).toSorted())
    expect(sheet.outputs.filter(({ description }) => description === '')).toEqual([])
  })

  test('by its examples how most of its fields are used', () => {
    const used = new Set(sheet.examples.flatMap((example) => Object.keys(example.with)))
    const unused = (sheet.fields ?? []).filter(({ name }) => !name.includes('.') && !used.has(name))
    expect(unused.length).toBeLessThanOrEqual(2)
  })
})

const isChoice = (kind: string): boolean => kind.split(' or ').every((word) => word.startsWith('"'))

/** What a number of a step counts. */
const units = /\b(bytes|seconds|packets|number of|lowest first)\b/

interface ZodLike {
  readonly shape?: { readonly [field: string]: z.ZodType }
  readonly def: { readonly in?: ZodLike; readonly innerType?: ZodLike }
}

/** The fields of a zod schema, whatever it is wrapped in. */
const shapeOf = ({ shape, def }: ZodLike): { readonly [field: string]: z.ZodType } =>
  shape ?? shapeOf((def.in ?? def.innerType)!)
