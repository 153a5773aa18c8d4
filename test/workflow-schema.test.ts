import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { builtinSteps } from '../cli/builtin.ts'
import { workflowJsonSchema } from '../core/workflow-schema.ts'

const path = 'workflows/workflow.schema.json'

test(`${path} is current (UPDATE=1 npx vitest run test/workflow-schema.test.ts writes it)`, () => {
  const current = `${JSON.stringify(workflowJsonSchema(builtinSteps), null, 2)}\n`
  if (process.env['UPDATE']) writeFileSync(path, current)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(current))
})
