import { show, type Command } from '../core/command.ts'
import { printable, quote } from '../core/quote.ts'
import type { Screen } from './terminal.ts'
import { behind, wrapped } from './text.ts'

/** Columns before the text of a row. */
const INDENT = 17

/** A label and a text behind it, which goes on below itself where it is longer than the screen is wide. */
export const row = ({ columns }: Screen, label: string, text: string): string =>
  labelled(label, behind(printable(text), INDENT, columns()))

/** The same at the head of a screen, four columns further left. */
export const headRow = ({ columns }: Screen, label: string, text: string): string =>
  `  ${label.padEnd(INDENT - 8)}  ${behind(printable(text), INDENT - 4, columns())}`

/** A label and a command behind it. */
export const commandRow = (screen: Screen, label: string, command: Command): string =>
  labelled(label, commandText(screen, command, INDENT))

/** A label and commands below each other behind it; that there are none is said. */
export function commandRows(screen: Screen, label: string, commands: readonly Command[]): readonly string[] {
  if (commands.length === 0) return [row(screen, label, 'nothing')]
  return commands.map((command, at) => commandRow(screen, at === 0 ? label : '', command))
}

/** A command as a shell takes it, behind something of `indent` columns; of several lines each ends with a backslash. */
export function commandText({ columns }: Screen, command: Command, indent: number): string {
  const { argv } = command
  const words = argv.map((word) => printable(quote(word)))
  const stdin = printable(show(command).slice(show({ argv }).length))
  return wrapped(words, indent, columns(), ' \\') + stdin.replaceAll('\n', `\n${' '.repeat(indent)}`)
}

const labelled = (label: string, text: string): string => `      ${label.padEnd(INDENT - 8)}  ${text}`
