import type { Position } from './place-in.ts'
import { got, invalid } from './problems.ts'

/** What a reader makes of a text. */
export interface Read {
  readonly value: unknown
  /** Where the value of a JSON pointer begins; undefined where nothing stands there. */
  readonly at: (pointer: string) => Position | undefined
}

/** How deep a file may be nested. */
export const MAX_DEPTH = 64

/** How many values a file may have, in all; what is aliased in YAML counts as often as it stands for. */
export const MAX_VALUES = 120_000

/** Refuses a file for one mistake. */
export function refusal(path: string, message: string, { line, column }: Position = { line: 1, column: 1 }): Error {
  return invalid(path, [{ line, column, pointer: '', message }])
}

/** Finds the line and column of each offset in a text. */
export function positionsIn(text: string): (offset: number) => Position {
  let starts: Uint32Array | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    const line = lastAtMost(starts, offset)
    return { line: line + 1, column: offset - starts[line]! + 1 }
  }
}

function lineStarts(text: string): Uint32Array {
  let count = 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  const starts = new Uint32Array(count)
  for (let line = 1; line < count; line += 1) starts[line] = text.indexOf('\n', starts[line - 1]) + 1
  return starts
}

/** Finds by halves the index of the last number that is not above a limit. */
function lastAtMost(sorted: Uint32Array, limit: number): number {
  let [low, high] = [0, sorted.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (sorted[middle]! <= limit) low = middle
    else high = middle - 1
  }
  return low
}

/** Says that a field may not be named like this; undefined when it may. `first` is where the same name stood before. */
export function keyMistake(name: string, first: Position | undefined): string | undefined {
  if (name === '__proto__') return 'expected the name of a field, got "__proto__"'
  return first && `expected each field once, got ${got(name)} again (first at ${first.line}:${first.column})`
}

/** Refuses a file that is nested too deep: whoever wrote it wants to harm. */
export const tooDeep = (path: string, position?: Position): Error =>
  refusal(path, `expected at most ${MAX_DEPTH} levels of nesting, got more`, position)

/** Refuses a file with more values than anybody needs. */
export const tooMany = (path: string, position?: Position): Error =>
  refusal(path, `expected at most ${MAX_VALUES} values, got more: ${SPLIT}`, position)

/** What to do with a file that is too large. */
export const SPLIT = 'split it into several workflows'
