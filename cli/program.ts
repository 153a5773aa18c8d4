import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { NsnetError } from '../core/errors.ts'
import { changes } from './usage/change.ts'
import { files } from './usage/files.ts'
import { helpConfiguration } from './usage/help.ts'
import { kitFor } from './usage/kit.ts'
import { looks } from './usage/look.ts'
import { machine } from './usage/machine.ts'
import { refusingInWords, unknownVerb } from './usage/refused.ts'
import { sandboxes } from './usage/sandbox.ts'

/**
 * The command line of nsnet, with the verb that is asked for or, where it knows none of that name, with all of them; `done`
 * is told the exit code.
 */
export function program(done: (code: number) => void, asked: string | undefined): Command {
  const nsnet = new Command('nsnet')
    .description('Sets up Linux networking from a workflow file, resumes after a crash, undoes it exactly.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp(helpConfiguration)
    .addHelpText('after', begin)
    .enablePositionalOptions()
    .configureOutput({ outputError: () => undefined })
  const kit = kitFor(nsnet, done)
  const only = groups.some(([, verbs]) => Object.hasOwn(verbs, asked ?? ''))
  for (const [title, verbs] of groups) {
    nsnet.commandsGroup(title)
    for (const [name, define] of Object.entries(verbs)) if (!only || name === asked) define(kit)
  }
  const explain = nsnet.commandsGroup('Help:').command('help [COMMAND]')
  explain.description('explain a command, as COMMAND --help does').action((name?: string) => help(nsnet, name))
  refusingInWords(explain)
  return refusingInWords(nsnet).helpCommand(false)
}

/** @throws USAGE when there is no such verb */
function help(nsnet: Command, name: string | undefined): void {
  const verb = name === undefined ? nsnet : nsnet.commands.find((it) => it.name() === name)
  if (!verb) throw new NsnetError('USAGE', ...unknownVerb(nsnet, name!))
  verb.help()
}

const groups = [
  ['Set up and take back:', changes],
  ['Look:', looks],
  ['Workflow files:', files],
  ['Try it without risk:', sandboxes],
  ['This machine:', machine],
] as const

const begin = `
FILE is a workflow file, in JSON or YAML.
RUN is the id of a run, the beginning of one, or "last".

Begin with:
  nsnet tour                                   see what nsnet does
  nsnet run workflows/internet.json --sandbox  nothing at risk, no root needed
  nsnet sandbox                                a shell in the same little world

The options of every command (--state-dir, --json, --color, -q, -v) stand before
or behind it.

An input NAME is set by --set, else by --set-file, else by the environment as
NSNET_INPUT_NAME, else by its default.
`
