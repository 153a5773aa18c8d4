import { withExamples, withInputs, type Verbs } from './kit.ts'

/** The verbs for what is set up at boot, and what systemd units call. */
export const boot: Verbs = {
  enable: ({ verb, act }) =>
    withExamples(
      withInputs(verb('enable', 'run a workflow at boot: write a systemd unit').argument('<FILE>'))
        .option('--name <NAME>', 'the unit is nsnet-NAME.service; by default the name of the workflow')
        .option(...unitDir)
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/enable.ts')).enable(terminal, command.args[0]!, command.opts()),
          ),
        ),
      'nsnet enable workflows/internet.json',
      'nsnet enable lab.json --set netns=blue --name blue',
    ),
  disable: ({ verb, act }) =>
    withExamples(
      verb('disable', 'do not run it at boot any more: remove the unit')
        .argument('<FILE|UNIT>', 'FILE of the workflow, or NAME of the unit')
        .option(...unitDir)
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/disable.ts')).disable(terminal, command.args[0]!, command.opts()),
          ),
        ),
      'nsnet disable internet',
    ),
  'unit-start': ({ verb, act }) =>
    withInputs(verb('unit-start', 'what a unit calls at boot', hidden).argument('<NAME>').argument('<FILE>')).action(
      act(async (terminal, command) => {
        const [unit, file] = command.args as [string, string]
        return (await import('../verbs/unit.ts')).unitStart(terminal, unit, file, command.opts())
      }),
    ),
  'unit-stop': ({ verb, act }) =>
    verb('unit-stop', 'what a unit calls when it is stopped', hidden)
      .argument('<NAME>')
      .action(
        act(async (terminal, command) => (await import('../verbs/unit.ts')).unitStop(terminal, command.args[0]!)),
      ),
}

const hidden = { hidden: true }

const unitDir = ['--unit-dir <DIR>', 'where the unit is; /etc/systemd/system by default'] as const
