import { basename } from 'node:path'
import { NsnetError } from './errors.ts'
import { printable } from './quote.ts'

/** One mistake in a workflow file. */
export interface Problem {
  readonly line: number
  readonly column: number
  /** JSON pointer, RFC 6901. */
  readonly pointer: string
  /** `expected …, got …` */
  readonly message: string
  readonly hint?: string | undefined
}

/** How many mistakes are told; the rest is counted. */
const MOST = 100

/** Makes the refusal of a file that tells all its mistakes, in their order: `internet.json:31:7 /steps/6: expected …`. */
export function invalid(path: string, problems: readonly Problem[]): NsnetError {
  const sorted = unique(problems).toSorted((a, b) => a.line - b.line || a.column - b.column)
  const lines = sorted.slice(0, MOST).map((problem) => lineOf(basename(path), problem))
  if (sorted.length > MOST) lines.push(`… and ${sorted.length - MOST} more`)
  const count = sorted.length === 1 ? 'a mistake' : `${sorted.length} mistakes`
  return new NsnetError('WORKFLOW_INVALID', `${path} has ${count}:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

const unique = (problems: readonly Problem[]): readonly Problem[] => [
  ...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values(),
]

function lineOf(file: string, { line, column, pointer, message, hint }: Problem): string {
  const place = `${file}:${line}:${column}${pointer === '' ? '' : ` ${pointer}`}`
  return printable(`${place}: ${message}${hint === undefined ? '' : ` (${hint})`}`).replaceAll('\n', ' ')
}

/** Writes a value as it came, shortened to what a line can take. */
export function got(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** Writes a JSON pointer. @see RFC 6901 */
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
