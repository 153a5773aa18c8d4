import { z } from 'zod'
import type { Json } from '../core/json.ts'
import { WORKFLOW } from '../core/nested.ts'
import { defineStep, nothingToDo } from '../core/step.ts'
import { workflowDocs } from './docs/workflow.ts'

/**
 * Stands for another workflow file. Before a run begins, its steps are laid out as steps of the run, so that here nothing is
 * left to do but to give the outputs of that workflow.
 */
export default defineStep({
  type: WORKFLOW,
  summary: 'Takes the steps of another workflow file as part of this one.',
  docs: workflowDocs,
  input: z.strictObject({
    file: z
      .string()
      .min(1)
      .max(4096)
      .meta({ description: 'the other file, relative to this one', examples: ['./bridge.json'] }),
    inputs: z
      .record(z.string(), z.json())
      .optional()
      .meta({
        description: 'values of its inputs; they have to be known before the run begins',
        examples: [{ netns: 'ns9' }],
      }),
    outputs: z
      .record(z.string(), z.json())
      .optional()
      .meta({ description: 'filled in: what that workflow gives; leave it out', examples: [{}] }),
  }),
  resources: () => ({}),
  probe: () => [],
  observe: (): Json => ({}),
  plan: () => nothingToDo,
  outcome: (_, before) => before,
  foretell: (_, state) => state,
  watches: () => [],
  outputs: { summary: (_, { file }) => `all of ${file}` },
  moreOutputs: (_, { outputs = {} }) => outputs,
  sketch: () => [],
})
