import { Option } from 'commander'
import {
  aRun,
  progressOption,
  setFile,
  trace,
  wait,
  withExamples,
  withInputs,
  withProgress,
  type Verbs,
} from './kit.ts'

/** The verbs that change the kernel. */
export const changes: Verbs = {
  run: ({ verb, act }) =>
    withExamples(
      withProgress(
        withInputs(verb('run', 'do what a workflow file says, step by step, journaled').argument('<FILE>'))
          .addOption(new Option('--on-failure <WHAT>', 'when a step fails').choices(['stop', 'undo']).default('stop'))
          .option(
            '--id <ID>',
            'the id of the run, as plan gave it: 3 to 32 small letters and digits; a new one by default',
          )
          .option('--sandbox', 'in a private little world that is gone afterwards; needs no root', false)
          .option(...wait)
          .option(...trace)
          .action(
            act(async (terminal, command) =>
              (await import('../verbs/run.ts')).run(terminal, command.args[0]!, command.opts()),
            ),
          ),
      ),
      'nsnet run workflows/internet.json --sandbox',
      'nsnet run workflows/internet.json --set netns=blue --on-failure undo',
      'nsnet run lab.yaml --json --progress plain > events.jsonl',
    ),
  with: ({ verb, act }) =>
    withExamples(
      withInputs(
        verb('with', 'set up, run a command, and take back whatever happened')
          .argument('<FILE>')
          .argument('[COMMAND...]'),
      )
        .option('--sandbox', 'in a private little world that is gone afterwards; needs no root', false)
        .option('--netns <NAME>', "the command runs in this netns; in the host's by default")
        .option(...wait)
        .addOption(progressOption('none'))
        .action(
          act(async (terminal, command) =>
            (await import('../verbs/with.ts')).runWith(
              terminal,
              command.args[0]!,
              command.args.slice(1),
              command.opts(),
            ),
          ),
        ),
      'nsnet with lab.json --sandbox -- npm test',
      'nsnet with lab.json --netns blue -- pytest -x',
    ),
  resume: ({ verb, act }) =>
    withExamples(
      withProgress(
        verb('resume', 'go on with a run that stopped')
          .argument('[RUN]', `${aRun}; without it the latest that stopped`)
          .option(...setFile)
          .option(...wait)
          .option(...trace)
          .action(
            act(async (terminal, command) =>
              (await import('../verbs/resume.ts')).resume(terminal, command.args[0], command.opts()),
            ),
          ),
      ),
      'nsnet resume',
      'nsnet resume k7 --wait',
    ),
  undo: ({ verb, act }) =>
    withExamples(
      withProgress(
        verb('undo', 'take a run back, the last step first')
          .argument('[RUN]', `${aRun}; without it the latest that has something to undo`)
          .option('--to <STEP>', 'only what came after this step, which stays')
          .option('--dry-run', 'say what it would do, and do nothing')
          .option('-y, --yes', 'do not ask', false)
          .option('--force', 'also what others have changed since', false)
          .option(...setFile)
          .option('--cascade', 'first undo the runs that work with what this one made, or only found it there', false)
          .option(...wait)
          .option(...trace)
          .action(
            act(async (terminal, command) =>
              (await import('../verbs/undo.ts')).undo(terminal, command.args[0], command.opts()),
            ),
          ),
      ),
      'nsnet undo',
      'nsnet undo k7 --yes',
      'nsnet undo last --to up',
    ),
  repair: ({ verb, act }) =>
    withExamples(
      withProgress(
        verb('repair', 'apply again what others have changed since')
          .argument('[RUN]', `${aRun}; without it the latest that has something to undo`)
          .option(...setFile)
          .option(...wait)
          .option(...trace)
          .action(
            act(async (terminal, command) =>
              (await import('../verbs/repair.ts')).repair(terminal, command.args[0], command.opts()),
            ),
          ),
      ),
      'nsnet repair',
      'nsnet repair k7 --wait',
    ),
}
