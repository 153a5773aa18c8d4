import { Option } from 'commander'
import { aRun, withExamples, withInputs, type Verbs } from './kit.ts'

/** The verbs for workflow files. */
export const files: Verbs = {
  validate: ({ verb, act }) =>
    withExamples(
      withInputs(verb('validate', 'find all mistakes of a workflow file, change nothing').argument('<FILE>')).action(
        act(async (terminal, command) =>
          (await import('../verbs/validate.ts')).validate(terminal, command.args[0]!, command.opts()),
        ),
      ),
      'nsnet validate lab.json',
      'nsnet validate lab.yaml --set prefix=10.2.0.0/24',
    ),
  steps: ({ verb, act }) =>
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
    ),
  schema: ({ verb, act }) =>
    verb('schema', 'write the JSON Schema of workflow files, by which editors complete and explain')
      .argument('[FILE]', 'a workflow; the step types of its plugins are in the schema too')
      .addHelpText('after', schemaHelp)
      .action(act(async (terminal, command) => (await import('../verbs/schema.ts')).schema(terminal, command.args[0]))),
  export: ({ verb, act }) =>
    withExamples(
      withInputs(
        verb('export', 'a plain shell script of what a workflow file would do, or a run has done')
          .argument('<FILE|RUN>', `a workflow file, or ${aRun}`)
          .addOption(
            new Option('--format <FORMAT>', 'language of the script, by now of a POSIX shell')
              .choices(['sh'])
              .default('sh'),
          )
          .option('--undo', 'the script of the way back; of a file, make it before its script runs')
          .option('--id <ID>', 'of a file: the id of the run whose marks the script makes'),
      ).action(
        act(async (terminal, command) =>
          (await import('../verbs/export.ts')).exportScript(terminal, command.args[0]!, command.opts()),
        ),
      ),
      'nsnet export lab.json --id lab > up.sh',
      'nsnet export lab.json --id lab --undo > down.sh',
      'nsnet export last',
    ),
}

const schemaHelp = `
Beside the workflow files:
  nsnet schema > workflow.schema.json
and at the beginning of each:
  in JSON: "$schema": "./workflow.schema.json"
  in YAML: # yaml-language-server: $schema=./workflow.schema.json
`
