import { got, invalid } from './problems.ts'

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where the part of a file begins that each JSON pointer names. */
export type Positions = ReadonlyMap<string, Position>

/** What a reader makes of a text. */
export interface Read {
  readonly value: unknown
  /** Of values. */
  readonly positions: Positions
  /** Of the names of fields. */
  readonly keys: Positions
}

/** How deep a file may be nested. */
export const MAX_DEPTH = 64

/** Refuses a file for one mistake. */
export function refusal(path: string, message: string, { line, column }: Position = { line: 1, column: 1 }): Error {
  return invalid(path, [{ line, column, pointer: '', message }])
}

/** Counts lines and columns up to an offset. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/** Says that a field may not be named like this; undefined when it may. `first` is where the same name stood before. */
export function keyMistake(name: string, first: Position | undefined): string | undefined {
  if (name === '__proto__') return 'expected the name of a field, got "__proto__"'
  return first && `expected each field once, got ${got(name)} again (first at ${first.line}:${first.column})`
}

/** Refuses a file that is nested too deep: whoever wrote it wants to harm. */
export const tooDeep = (path: string, position?: Position): Error =>
  refusal(path, `expected at most ${MAX_DEPTH} levels of nesting, got more`, position)
