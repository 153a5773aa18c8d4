import { Command, Option, type CommandOptions } from 'commander'
import { globalOptions } from './globals.ts'
import { refusingInWords } from './refused.ts'
import { terminalFor, type GlobalOptions, type Terminal } from '../terminal.ts'

/** What the verbs of nsnet are defined with. */
export interface Kit {
  /** Begins a verb, with the options that every verb has; a hidden one is for programs, and not in the help. */
  readonly verb: (usage: string, description: string, how?: CommandOptions) => Command
  /** Makes the action of a verb: its exit code becomes that of nsnet. */
  readonly act: (work: Work) => (...args: readonly unknown[]) => Promise<void>
}

/** What defines each verb of a group; what hangs on a verb that is not asked for need not be made. */
export interface Verbs {
  readonly [name: string]: (kit: Kit) => unknown
}

/** Does what a verb is for, and gives the exit code. Verbs are loaded only when they are used. */
export type Work = (terminal: Terminal, command: Command) => Promise<number>

/** Makes the kit for the verbs of a command; `done` is told the exit code. */
export function kitFor(nsnet: Command, done: (code: number) => void): Kit {
  return {
    verb: (usage, description, how) =>
      withGlobals(nsnet.command(usage, how).description(description).helpOption('-h, --help', 'print this help')),
    act:
      (work) =>
      async (...args) => {
        const command = args.at(-1) as Command
        done(await work(terminalFor(command.opts<GlobalOptions>()), command))
      },
  }
}

/** Adds the options by which the inputs of a workflow are given. */
export function withInputs(command: Command): Command {
  return command
    .option('--set <NAME=VALUE>', 'set an input of the workflow; may be repeated', append, [])
    .option(...setFile)
}

/** The option that gives inputs, secret ones too, in a file. */
export const setFile = [
  '--set-file <FILE>',
  'set inputs, secret ones too, from a file: {"NAME": VALUE, …} in JSON, or the same in YAML (*.yaml)',
] as const

/** The option that waits for a lock. */
export const wait = ['--wait', 'wait for another nsnet that does the same, instead of refusing', false] as const

/** Says what may stand for RUN. */
export const aRun = 'the id of a run, the beginning of one, or "last"'

/** Adds the option that chooses how progress is told, for verbs that change the kernel. */
export const withProgress = (command: Command): Command => command.addOption(progressOption('auto'))

/** The option that chooses how progress is told. */
export function progressOption(usual: 'auto' | 'none'): Option {
  const ways = ['auto', 'tty', 'plain', 'json', 'none']
  const what = 'progress on stderr, with "tty" alive, with "json" a JSON text a line'
  return new Option('--progress <HOW>', what).choices(ways).default(usual)
}

/** Adds examples of what to type to the end of a verb's help. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}\n`)

/** The option that tells what was done as a trace. */
export const trace = [
  '--trace [FILE]',
  'write OTLP spans to a file, or send them to OTEL_EXPORTER_OTLP_ENDPOINT',
] as const

function withGlobals(command: Command): Command {
  for (const option of globalOptions()) command.addOption(option)
  return refusingInWords(command)
}

const append = (value: string, before: readonly string[]): readonly string[] => [...before, value]
