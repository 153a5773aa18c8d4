import type { Command, Option } from 'commander'
import { printable } from '../../core/quote.ts'
import { cursorAt, optionsOf, verbsOf, type Cursor } from './cursor.ts'
import { sourcesFor, type Candidate, type Found } from './sources.ts'

/** Answers a shell that completes a command line. Says nothing but the answer, and takes 2 s at most: a shell waits for it. */
export async function answer(nsnet: Command, words: readonly string[]): Promise<void> {
  setTimeout(() => process.exit(1), 2000).unref()
  for (const line of await proposalsFor(nsnet, words)) process.stdout.write(`${line}\n`)
}

/**
 * Proposes what the last of the words may become: a candidate a line, with what it is behind a tab, and in the last line what the
 * shell looks for itself (`:none`, `:dirs`, `:files` with their endings). Proposes nothing where something goes wrong.
 */
export async function proposalsFor(nsnet: Command, words: readonly string[]): Promise<readonly string[]> {
  const { candidates = [], look = 'none' } = await found(nsnet, words).catch((): Found => ({}))
  return [...candidates.map(({ value, about }) => `${value}\t${inShort(about)}`), `:${look}`]
}

async function found(nsnet: Command, words: readonly string[]): Promise<Found> {
  const cursor = cursorAt(nsnet, words)
  const { candidates = [], look } = await proposals(nsnet, cursor)
  const fitting = candidates.filter(({ value }) => isPlain(value) && value.startsWith(cursor.word))
  const whole = fitting.map(({ value, about }) => ({ value: cursor.prefix + value, about }))
  return look === undefined ? { candidates: whole } : { candidates: whole, look }
}

async function proposals(nsnet: Command, cursor: Cursor): Promise<Found> {
  const { slot, command } = cursor
  if (slot.kind === 'nothing') return {}
  if (slot.kind === 'verb' || command.name() === 'help')
    return { candidates: verbsOf(nsnet).map((verb) => ({ value: verb.name(), about: verb.description() })) }
  if (slot.kind === 'option') return { candidates: freeOptions(cursor).map(named) }
  if (slot.of.argChoices) return { candidates: slot.of.argChoices.map((value) => ({ value, about: '' })) }
  const sources = 'flags' in slot.of ? optionSources(slot.of) : sourcesFor(slot.of.name(), 'argument')
  const all = await Promise.all(sources.map((source) => source(cursor).catch((): Found => ({}))))
  const look = all.find((each) => each.look !== undefined)?.look
  return { candidates: all.flatMap((each) => each.candidates ?? []), ...(look === undefined ? {} : { look }) }
}

/** What the value of an option is, its flags say: in `--to <STEP>` the placeholder, in `--netns <NAME>` the option itself. */
function optionSources({ flags, long }: Option) {
  const placeholder = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? ''
  return sourcesFor(`${placeholder} ${long?.slice(2) ?? ''}`, 'option')
}

/** Options that can still be given: once, unless their values are gathered. */
function freeOptions({ command, options }: Cursor): readonly Option[] {
  const isFree = (option: Option): boolean => !options.has(option) || option.variadic || isGathering(option)
  return optionsOf(command).filter(isFree)
}

const isGathering = ({ parseArg, argChoices }: Option): boolean => parseArg !== undefined && argChoices === undefined

const named = ({ long, short, description }: Option): Candidate => ({ value: long ?? short ?? '', about: description })

/** A word that every shell takes as it is, but for the brackets in ids of steps: these the scripts quote. */
const isPlain = (value: string): boolean => /^[\w@%+=:,./[\]-]+$/.test(value)

const inShort = (text: string): string => printable(text).replace(/\s+/g, ' ').slice(0, 200)
