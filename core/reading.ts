import { invalid } from './problems.ts'

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where the value of each JSON pointer begins. */
export type Positions = ReadonlyMap<string, Position>

/** What a reader makes of a text. */
export interface Read {
  readonly value: unknown
  readonly positions: Positions
}

/** How deep a file may be nested. */
export const MAX_DEPTH = 64

/** Refuses a file for one mistake. */
export function refusal(path: string, message: string, { line, column }: Position = { line: 1, column: 1 }): Error {
  return invalid(path, [{ line, column, pointer: '', message }])
}

/** Refuses a file that is nested too deep: whoever wrote it wants to harm. */
export const tooDeep = (path: string, position?: Position): Error =>
  refusal(path, `expected at most ${MAX_DEPTH} levels of nesting, got more`, position)
