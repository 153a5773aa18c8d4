import { Command, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { printable } from '../core/quote.ts'
import { terminalFor, type GlobalOptions, type Terminal } from './terminal.ts'
import { showFingerprint } from './verbs/fingerprint.ts'
import { list } from './verbs/list.ts'
import { log } from './verbs/log.ts'
import { resume } from './verbs/resume.ts'
import { run } from './verbs/run.ts'
import { sandbox } from './verbs/sandbox.ts'
import { show } from './verbs/show.ts'
import { tour } from './verbs/tour.ts'
import { undo } from './verbs/undo.ts'
import { validate } from './verbs/validate.ts'

/** The command line of nsnet; `done` is told the exit code. */
export function program(done: (code: number) => void): Command {
  const nsnet = new Command('nsnet')
    .description('Sets up Linux networking from a workflow file, resumes after a crash, undoes it exactly.')
    .version(packageJson.version)
    .addHelpText('after', examples)
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(printable(text)) })
    .exitOverride()

  const verb = (usage: string, description: string): Command =>
    withGlobals(nsnet.command(usage).description(description).exitOverride())
  const act =
    (work: (terminal: Terminal, command: Command) => Promise<number>) =>
    async (...args: readonly unknown[]): Promise<void> => {
      const command = args.at(-1) as Command
      done(await work(terminalFor(command.opts<GlobalOptions>()), command))
    }

  withInputs(verb('run', 'do what a workflow file says, step by step, journaled').argument('<file>'))
    .addOption(new Option('--on-failure <what>', 'when a step fails').choices(['stop', 'undo']).default('stop'))
    .option('--sandbox', 'in a private little world that is gone afterwards; needs no root', false)
    .option('--wait', 'wait for another nsnet that is at it', false)
    .action(act((terminal, command) => run(terminal, command.args[0]!, command.opts())))
  verb('resume', 'go on with a run that stopped (the latest one, without a name)')
    .argument('[run]')
    .option(...setFile)
    .option('--wait', 'wait for another nsnet that is at it', false)
    .action(act((terminal, command) => resume(terminal, command.args[0], command.opts())))
  verb('undo', 'take a run back, the last step first (the latest one, without a name)')
    .argument('[run]')
    .option('--to <step>', 'only what came after this step')
    .option('-y, --yes', 'do not ask', false)
    .option('--force', 'also what others have changed since', false)
    .option(...setFile)
    .option('--cascade', 'first undo the runs that work with what this one made', false)
    .option('--wait', 'wait for another nsnet that is at it', false)
    .action(act((terminal, command) => undo(terminal, command.args[0], command.opts())))
  verb('list', 'all runs').action(act((terminal) => list(terminal)))
  verb('show', 'where a run stands; -v for its commands')
    .argument('<run>')
    .action(act((terminal, command) => show(terminal, command.args[0]!)))
  verb('log', 'the events of a run')
    .argument('<run>')
    .option('-f, --follow', 'go on until the run stands still', false)
    .action(act((terminal, command) => log(terminal, command.args[0]!, command.opts())))
  withInputs(verb('validate', 'find all mistakes of a workflow file, change nothing').argument('<file>')).action(
    act((terminal, command) => validate(terminal, command.args[0]!, command.opts())),
  )
  verb('fingerprint', 'the whole network state as JSON, without counters: two equal states print the same')
    .option('--netns <name>', 'only of this netns')
    .option('--compare <file>', 'say where it differs from the one in a file ("-" reads it from stdin); exit code 2')
    .action(act((terminal, command) => showFingerprint(terminal, command.opts())))
  verb('sandbox', 'run a command (a shell by default) in a private little world')
    .argument('[command...]')
    .passThroughOptions()
    .action(act((_, command) => sandbox(command.args)))
  verb('tour', 'show in a sandbox what nsnet does: run, undo, and the proof that nothing is left').action(
    act((terminal) => tour(terminal)),
  )
  return nsnet
}

const examples = `
RUN is the id of a run, the beginning of one, or "last".

Begin with:
  nsnet run workflows/internet.json --sandbox    nothing at risk, no root needed
  nsnet sandbox                                  a shell in the same little world

An input NAME is set by --set, else by --set-file, else by the environment as NSNET_INPUT_NAME, else by its default.
`

function withGlobals(command: Command): Command {
  return command
    .option('--state-dir <dir>', 'where runs are kept')
    .option('--json', 'write JSON for programs')
    .addOption(new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'))
    .option('-q, --quiet', 'only the result')
    .option('-v, --verbose', 'also every command, with exit code and duration')
}

function withInputs(command: Command): Command {
  return command
    .option('--set <name=value>', 'set an input of the workflow; may be repeated', append, [])
    .option(...setFile)
}

const setFile = ['--set-file <file>', 'set inputs, secret ones too, from a JSON or YAML file'] as const

const append = (value: string, before: readonly string[]): readonly string[] => [...before, value]
