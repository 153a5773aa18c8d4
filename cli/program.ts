import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { printable } from '../core/quote.ts'
import { defineChanges } from './usage/change.ts'
import { defineFiles } from './usage/files.ts'
import { helpConfiguration } from './usage/help.ts'
import { kitFor } from './usage/kit.ts'
import { defineLooks } from './usage/look.ts'
import { defineMachine } from './usage/machine.ts'
import { defineSandboxes } from './usage/sandbox.ts'

/** The command line of nsnet; `done` is told the exit code. */
export function program(done: (code: number) => void): Command {
  const nsnet = new Command('nsnet')
    .description('Sets up Linux networking from a workflow file, resumes after a crash, undoes it exactly.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp(helpConfiguration)
    .addHelpText('after', begin)
    .enablePositionalOptions()
    .configureOutput({ outputError: (text, write) => write(printable(text)) })
    .exitOverride()
  const kit = kitFor(nsnet, done)
  for (const [title, define] of groups) {
    nsnet.commandsGroup(title)
    define(kit)
  }
  return nsnet.commandsGroup('Help:').helpCommand('help [COMMAND]', 'explain a command, as COMMAND --help does')
}

const groups = [
  ['Set up and take back:', defineChanges],
  ['Look:', defineLooks],
  ['Workflow files:', defineFiles],
  ['Try it without risk:', defineSandboxes],
  ['This machine:', defineMachine],
] as const

const begin = `
FILE is a workflow file, in JSON or YAML.
RUN is the id of a run, the beginning of one, or "last".

Begin with:
  nsnet tour                                   see what nsnet does
  nsnet run workflows/internet.json --sandbox  nothing at risk, no root needed
  nsnet sandbox                                a shell in the same little world

An input NAME is set by --set, else by --set-file, else by the environment as
NSNET_INPUT_NAME, else by its default.
`
