import { Option } from 'commander'
import { withExamples, withInputs, type Kit } from './kit.ts'

/** Defines the verbs for workflow files. */
export function defineFiles({ verb, act }: Kit): void {
  withExamples(
    withInputs(verb('validate', 'find all mistakes of a workflow file, change nothing').argument('<FILE>')).action(
      act(async (terminal, command) =>
        (await import('../verbs/validate.ts')).validate(terminal, command.args[0]!, command.opts()),
      ),
    ),
    'nsnet validate lab.json',
    'nsnet validate lab.yaml --set prefix=10.2.0.0/24',
  )
  withExamples(
    verb('steps', 'explain a step type with its fields, outputs and examples; without a type, list them')
      .argument('[TYPE]')
      .option('--workflow <FILE>', 'also the step types of the plugins of this workflow')
      .addOption(new Option('--format <FORMAT>', 'how to write it').choices(['text', 'markdown']).default('text'))
      .action(
        act(async (terminal, command) =>
          (await import('../verbs/steps.ts')).steps(terminal, command.args[0], command.opts()),
        ),
      ),
    'nsnet steps',
    'nsnet steps veth',
  )
  verb('schema', 'write the JSON Schema of workflow files, by which editors complete and explain')
    .argument('[FILE]', 'a workflow; the step types of its plugins are in the schema too')
    .addHelpText('after', schemaHelp)
    .action(act(async (terminal, command) => (await import('../verbs/schema.ts')).schema(terminal, command.args[0])))
}

const schemaHelp = `
Beside the workflow files:
  nsnet schema > workflow.schema.json
and at the beginning of each:
  in JSON: "$schema": "./workflow.schema.json"
  in YAML: # yaml-language-server: $schema=./workflow.schema.json
`
