import type { Argument, Command, Option } from 'commander'
import { leading } from '../usage/globals.ts'

/** What a command line says as far as the cursor, read by commander's own definition of verbs and options. */
export interface Cursor {
  /** The verb, or nsnet itself as long as there is none. */
  readonly command: Command
  /** What is asked for: a verb, an option, a value for an option or argument; nothing where there is no place for more. */
  readonly slot: Slot
  /** The part of a word that is to be completed; `prefix` (`--to=`) stands before it in the same word. */
  readonly word: string
  readonly prefix: string
  /** Arguments of the verb so far, by their names in small letters. */
  readonly arguments: { readonly [name: string]: string }
  /** Options so far, each with its last value. */
  readonly options: ReadonlyMap<Option, string>
}

type Slot =
  | { readonly kind: 'verb' }
  | { readonly kind: 'option' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'value'; readonly of: Option | Argument }

/** Reads the words of a command line without nsnet itself, the last one up to the cursor. */
export function cursorAt(nsnet: Command, typed: readonly string[]): Cursor {
  const { options: leads, rest } = leading(typed)
  const words = rest.length > 1 ? [rest[0]!, ...leads, ...rest.slice(1)] : rest.length === 1 ? rest : typed
  const before = words.slice(0, -1)
  const last = words.at(-1) ?? ''
  const line = before.reduce(read, begin(nsnet))
  const { command, options, positionals } = line
  const given = Object.fromEntries(
    positionals.map((text, at) => [argumentAt(command, at)?.name().toLowerCase() ?? '', text]),
  )
  return { command, options, arguments: given, ...slotAt(nsnet, line, last) }
}

/** Lists the verbs that the help lists. */
export const verbsOf = (command: Command): readonly Command[] => command.createHelp().visibleCommands(command)

/** Lists the options that the help lists. */
export const optionsOf = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command)

interface Line {
  readonly command: Command
  readonly positionals: readonly string[]
  readonly options: ReadonlyMap<Option, string>
  /** The option whose value comes next. */
  readonly waiting: Option | undefined
  /** What comes now is no option, whatever it looks like. */
  readonly literal: boolean
}

const begin = (command: Command): Line => ({
  command,
  positionals: [],
  options: new Map(),
  waiting: undefined,
  literal: false,
})

function read(line: Line, word: string): Line {
  const { command, positionals, options, waiting, literal } = line
  if (waiting) return { ...line, options: new Map([...options, [waiting, word]]), waiting: undefined }
  if (!literal && word === '--') return { ...line, literal: true }
  if (!literal && isOption(word)) return readOption(line, word)
  const verb = positionals.length === 0 ? verbsOf(command).find((it) => it.name() === word) : undefined
  if (verb) return begin(verb)
  return { ...line, positionals: [...positionals, word], literal: literal || passesThrough(command) }
}

function readOption(line: Line, word: string): Line {
  const [flag, value] = splitFlag(word)
  const option = optionNamed(line.command, flag)
  if (!option) return line
  const waiting = takesValue(option) && value === undefined ? option : undefined
  return { ...line, options: new Map([...line.options, [option, value ?? '']]), waiting }
}

function slotAt(nsnet: Command, line: Line, last: string): Pick<Cursor, 'slot' | 'word' | 'prefix'> {
  const { command, waiting, literal, positionals } = line
  const whole = { word: last, prefix: '' }
  if (waiting) return { slot: { kind: 'value', of: waiting }, ...whole }
  if (!literal && isOption(last)) {
    const [flag, value] = splitFlag(last)
    const option = value === undefined ? undefined : optionNamed(command, flag)
    if (!option) return { slot: { kind: value === undefined ? 'option' : 'nothing' }, ...whole }
    return { slot: { kind: 'value', of: option }, word: value!, prefix: `${flag}=` }
  }
  if (command === nsnet) return { slot: { kind: positionals.length === 0 ? 'verb' : 'nothing' }, ...whole }
  const argument = argumentAt(command, positionals.length)
  return { slot: argument ? { kind: 'value', of: argument } : { kind: 'nothing' }, ...whole }
}

function argumentAt({ registeredArguments: all }: Command, at: number): Argument | undefined {
  return all[at] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined)
}

/** A lone `-` too may become an option; a number below zero may not. */
const isOption = (word: string): boolean => /^-(?!\d)/.test(word)

function splitFlag(word: string): readonly [string, string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

const optionNamed = (command: Command, flag: string): Option | undefined =>
  command.options.find(({ short, long }) => flag === short || flag === long)

const takesValue = ({ required, optional }: Option): boolean => required || optional

/** After its first argument such a verb reads no options: they are those of the command that it runs. */
const passesThrough = (command: Command): boolean => Reflect.get(command, '_passThroughOptions') === true
