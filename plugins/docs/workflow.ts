import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `workflow`. */
export const workflowDocs: StepDocs = {
  details: `The steps of that file stand in the run as ID/STEP, such as lan/cable; they are planned, journaled, resumed and undone as all others. Its inputs are set by "inputs"; its outputs are read as steps.ID.outputs.NAME. What is said of the step ("if", "needs", "onFailure", "forEach") holds for all of them; "retry" and "timeout" are said of the steps in that file.

Its plugins are loaded too. Files may name each other up to 8 deep, but none itself.`,
  outputs: { summary: 'which file it was, for people' },
  manual: ['docs/workflow-language.md'],
  examples: [
    {
      id: 'lan',
      uses: 'workflow',
      name: 'A netns with internet access, as another file makes it',
      with: { file: './internet.json', inputs: { netns: 'ns9', prefix: '10.9.0.0/24' } },
    },
  ],
}
