import { Argument, Option } from 'commander'
import { aRun, withExamples, withInputs, type Verbs } from './kit.ts'

/** The verbs for workflow files. */
export const files: Verbs = {
  new: ({ verb, act }) =>
    withExamples(
      verb('new', 'write a workflow to begin with, or a step type of your own with its test and its page')
        .addArgument(new Argument('<WHAT>', 'what to write').choices(['step', 'workflow']))
        .argument('[NAME|FILE]', 'of a step its NAME; of a workflow its FILE, NAME.json by default')
        .option('--dir <DIR>', 'of a step: where to write; the current folder by default')
        .option('--js', 'of a step: in JavaScript; by default where this Node reads no TypeScript')
        .option('--ts', 'of a step: in TypeScript')
        .addOption(new Option('--kind <KIND>', 'of a workflow').choices(['internet', 'cable', 'empty']))
        .option('--name <NAME>', 'of a workflow: its name')
        .option('--netns <NAMES>', 'of a workflow: the name of its netns, of two with a comma between')
        .option('--prefix <PREFIX>', 'of a workflow: the network of its links')
        .option('-y, --yes', 'of a workflow: ask nothing, take what is usual', false)
        .action(
          act(async (terminal, command) => {
            const [what, name] = command.args as [string, string | undefined]
            return (await import('../verbs/new.ts')).newFiles(terminal, what, name, command.opts())
          }),
        ),
      'nsnet new workflow',
      'nsnet new workflow lab.yaml --kind cable --yes',
      'nsnet new step mtu',
    ),
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
