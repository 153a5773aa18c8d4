import type { Argument, Command, HelpConfiguration, Option } from 'commander'

/** Names the options that every command has; they stand below its own. */
export const EVERY_COMMAND = 'Options of every command:'

/**
 * How help is written: what a command takes, its own options, and then those of every command; in 80 columns, also on a
 * wider terminal, where longer lines would be hard to read.
 */
export const helpConfiguration: HelpConfiguration = {
  helpWidth: Math.min(80, process.stdout.columns || 80),
  subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
  optionDescription: ({ description, argChoices, defaultValue }: Option) => {
    if (!argChoices) return description
    const preset = argChoices.map((choice) => (choice === defaultValue ? `${choice} (the default)` : choice))
    return `${description}: ${[preset.slice(0, -1).join(', '), preset.at(-1)].filter(Boolean).join(' or ')}`
  },
  argumentDescription: ({ description, defaultValue }: Argument) =>
    defaultValue === undefined ? description : `${description}; without it ${JSON.stringify(defaultValue)}`,
  groupItems: <T extends Command | Option>(_all: T[], visible: T[], groupOf: (item: T) => string): Map<string, T[]> => {
    const names = [...new Set(visible.map(groupOf))]
    const sorted = [
      ...names.filter((name) => name !== EVERY_COMMAND),
      ...names.filter((name) => name === EVERY_COMMAND),
    ]
    return new Map(sorted.map((name) => [name, visible.filter((item) => groupOf(item) === name)]))
  },
}

/** Writes an argument as people type it. */
export const argumentTerm = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '…' : ''}`
  return argument.required ? name : `[${name}]`
}
