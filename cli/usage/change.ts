import { Option } from 'commander'
import { setFile, wait, withInputs, type Kit } from './kit.ts'

/** Defines the verbs that change the kernel. */
export function defineChanges({ verb, act }: Kit): void {
  withInputs(verb('run', 'do what a workflow file says, step by step, journaled').argument('<file>'))
    .addOption(new Option('--on-failure <what>', 'when a step fails').choices(['stop', 'undo']).default('stop'))
    .option('--id <id>', 'the id of the run, such as plan gave it; a new one by default')
    .option('--sandbox', 'in a private little world that is gone afterwards; needs no root', false)
    .option(...wait)
    .action(
      act(async (terminal, command) =>
        (await import('../verbs/run.ts')).run(terminal, command.args[0]!, command.opts()),
      ),
    )
  verb('resume', 'go on with a run that stopped (the latest one, without a name)')
    .argument('[run]')
    .option(...setFile)
    .option(...wait)
    .action(
      act(async (terminal, command) =>
        (await import('../verbs/resume.ts')).resume(terminal, command.args[0], command.opts()),
      ),
    )
  verb('undo', 'take a run back, the last step first (the latest one, without a name)')
    .argument('[run]')
    .option('--to <step>', 'only what came after this step')
    .option('--dry-run', 'say what it would do, and do nothing')
    .option('-y, --yes', 'do not ask', false)
    .option('--force', 'also what others have changed since', false)
    .option(...setFile)
    .option('--cascade', 'first undo the runs that work with what this one made', false)
    .option(...wait)
    .action(
      act(async (terminal, command) =>
        (await import('../verbs/undo.ts')).undo(terminal, command.args[0], command.opts()),
      ),
    )
  verb('repair', 'apply again what others have changed since (of the latest run, without a name)')
    .argument('[run]')
    .option(...setFile)
    .option(...wait)
    .action(
      act(async (terminal, command) =>
        (await import('../verbs/repair.ts')).repair(terminal, command.args[0], command.opts()),
      ),
    )
}
