import { basename } from 'node:path'
import { NsnetError } from './errors.ts'
import { isObjectPath, placeIn } from './place-in.ts'
import { printable } from './quote.ts'

/** What to do about a mistake; a function where finding it out costs more than a mistake that is not told is worth. */
export type Hint = string | undefined | (() => string | undefined)

/** One mistake in a workflow file. */
export interface Problem {
  /** Path of the file; without it, the file that is refused. */
  readonly file?: string
  readonly line: number
  readonly column: number
  /** JSON pointer, RFC 6901. */
  readonly pointer: string
  /** `expected …, got …` */
  readonly message: string
  readonly hint?: Hint
  /** What was given from outside and is at fault, as it was typed: the file may be as it should. */
  readonly by?: string | undefined
}

/** Adds notes to a hint. */
export const withNotes = (hint: Hint, notes: readonly string[]): Hint =>
  notes.length === 0 ? hint : () => [typeof hint === 'function' ? hint() : hint, ...notes].filter(Boolean).join('; ')

/** How many mistakes are told; the rest is counted. */
const MOST = 100

/** How many mistakes are looked for: with so many, nobody waits to know of all. */
export const ENOUGH = 1000

/** How many characters of a mistake are told: a name may be as long as the file. */
const LONGEST = 400

/** Makes the refusal of a file that tells all its mistakes, in their order: `internet.json:31:7 /steps/6: expected …`. */
export function invalid(path: string, problems: readonly Problem[]): NsnetError {
  const isOther = ({ file = path }: Problem): number => Number(file !== path)
  const sorted = unique(problems).toSorted((a, b) => isOther(a) - isOther(b) || a.line - b.line || a.column - b.column)
  const lines = sorted.slice(0, MOST).map((problem) => lineOf(basename(problem.file ?? path), problem))
  if (sorted.length > MOST) lines.push(`… and ${sorted.length >= ENOUGH ? '' : `${sorted.length - MOST} `}more`)
  const whole = isObjectPath(path) ? 'the workflow' : path
  const what = sorted.every(({ by }) => by !== undefined) ? `what is given to ${whole}` : whole
  const count = sorted.length >= ENOUGH ? `${ENOUGH} mistakes or more` : `${sorted.length} mistakes`
  return new NsnetError(
    'WORKFLOW_INVALID',
    `${what} has ${sorted.length === 1 ? 'a mistake' : count}:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  )
}

const unique = (problems: readonly Problem[]): readonly Problem[] => [
  ...new Map(problems.map((problem) => [keyOf(problem), problem])).values(),
]

const keyOf = ({ file = '', line, column, pointer, message, by = '' }: Problem): string =>
  `${by} ${file}:${line}:${column} ${pointer}: ${message}`

function lineOf(file: string, { line, column, pointer, message, hint, by }: Problem): string {
  const advice = typeof hint === 'function' ? hint() : hint
  const place = placeIn(file, { line, column }, shortened(pointer, LONGEST))
  const where = by === undefined ? place : `${shortened(by, LONGEST)} (${place})`
  const what = `${shortened(message, LONGEST)}${advice === undefined ? '' : ` (${shortened(advice, LONGEST)})`}`
  return printable(where === '' ? what : `${where}: ${what}`).replaceAll('\n', ' ')
}

/** Writes a value as it came, shortened to what a line can take. */
export function got(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'number') return String(value)
  return shortened(JSON.stringify(value) ?? typeof value, 60)
}

/** Names the first few of what there is to choose from, else says that there is nothing. */
export function listed(names: readonly string[]): string {
  const more = names.length > 20 ? ` and ${names.length - 20} more` : ''
  return names.length === 0 ? 'none' : `${names.slice(0, 20).join(', ')}${more}`
}

/** Cuts a text to what a line can take. */
export const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 3)}…` : text

/** Writes a JSON pointer. @see RFC 6901 */
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
