import type { Command, CommanderError } from 'commander'
import { NsnetError } from '../../core/errors.ts'
import { didYouMean } from '../../core/near.ts'
import { listed } from '../../core/problems.ts'
import { quote } from '../../core/quote.ts'
import { isFile } from '../file-or-run.ts'
import { globalOptions } from './globals.ts'
import { argumentTerm } from './help.ts'

/** Has a command say in words of our own what it refuses. */
export const refusingInWords = (command: Command): Command =>
  command.exitOverride((error) => {
    throw refused(error, command)
  })

/** What a command only ends with (help, the version) is left as it is. */
function refused(error: CommanderError, command: Command): Error {
  const tell = tellers[error.code.replace('commander.', '')]
  if (!tell) return error
  const [message, hint] = tell(command, error.message)
  return new NsnetError('USAGE', message, hint)
}

type Words = readonly [message: string, hint: string]

const tellers: {
  readonly [code: string]: (command: Command, message: string) => Words
} = {
  unknownCommand: (command) => unknownVerb(command, command.args[0] ?? ''),
  unknownOption: (command, message) => {
    const [, flag = ''] = /'([^]*?)'(?:\n\(Did you mean [^]*)?$/.exec(message) ?? []
    const flags = [...command.options, ...(command.parent ? [] : globalOptions())].flatMap(({ long }) => long ?? [])
    const isOfCommand = command.registeredArguments.some(({ variadic }) => variadic)
    const other = isOfCommand
      ? `if it is an option of COMMAND, put -- before COMMAND; ${helpOf(command)}`
      : helpOf(command)
    return [`expected an option of ${nameOf(command)}, got "${flag}"`, didYouMean(flag, flags) ?? other]
  },
  missingArgument: (command, message) => [`expected ${quoted(message)}, got nothing`, `type: ${usageOf(command)}`],
  optionMissingArgument: (command, message) => [
    `expected a value: ${plain(quoted(message))}, got nothing`,
    helpOf(command),
  ],
  excessArguments: (command) => {
    const [first = ''] = command.args.slice(command.registeredArguments.length)
    return [`expected nothing behind ${usageOf(command)}, got "${first}"`, helpOf(command)]
  },
  invalidArgument: (command, message) => {
    const [, flags, ofOption] = /^error: option '([^']+)' argument '([^]*)' is invalid\. /.exec(message) ?? []
    const [, value = ofOption ?? '', name] = /value '([^]*)' is invalid for argument '([^']+)'\. /.exec(message) ?? []
    const { argChoices = [] } =
      command.options.find((it) => it.flags === flags) ??
      command.registeredArguments.find((it) => it.name() === name) ??
      {}
    const what = flags === undefined ? name : plain(flags)
    const hint = didYouMean(value, argChoices) ?? helpOf(command)
    return [`expected ${what}, one of ${listed(argChoices)}, got "${value}"`, hint]
  },
}

/** Says that there is no such verb. */
export function unknownVerb(nsnet: Command, name: string): Words {
  const verbs = nsnet.createHelp().visibleCommands(nsnet)
  const near = didYouMean(
    name,
    verbs.map((it) => it.name()),
  )
  const file = isFile(name) ? `type: nsnet run ${quote(name)}` : undefined
  return [`expected a verb, got "${name}"`, near ?? file ?? 'nsnet --help lists them']
}

const quoted = (message: string): string => /'([^']*)'/.exec(message)?.[1] ?? ''

/** `-s, --step <ID>` without its brackets. */
const plain = (flags: string): string => flags.replace(/^-\w, /, '').replaceAll(/[<>[\]]/g, '')

const nameOf = (command: Command): string => (command.parent ? `nsnet ${command.name()}` : 'nsnet')

const helpOf = (command: Command): string => `see: ${nameOf(command)} --help`

const usageOf = (command: Command): string =>
  [nameOf(command), ...command.registeredArguments.map(argumentTerm)].join(' ')
