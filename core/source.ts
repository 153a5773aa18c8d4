import { type Position, type Positions, refusal } from './reading.ts'
import { readJson } from './source-json.ts'

/** A file as it was written: its value, and where each part of it stands. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly value: unknown
  /** Where the value of a JSON pointer begins, or the nearest thing around it that is there. */
  readonly at: (pointer: string) => Position
  /** Where the name of the field begins that a JSON pointer ends with, else the same as `at`. */
  readonly keyAt: (pointer: string) => Position
}

/** The largest file that is read, in bytes. */
const MAX_BYTES = 10 * 1024 * 1024

/**
 * Reads JSON, or YAML where the path ends in `.yaml` or `.yml`. Of a key that stands twice, an alias that multiplies and
 * what is nested more than 64 deep, nothing is taken.
 *
 * @throws WORKFLOW_INVALID
 */
export async function parseSource(text: string, path: string): Promise<Source> {
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_BYTES) throw refusal(path, `expected at most ${MAX_BYTES} bytes, got ${bytes}`)
  const yaml = /\.ya?ml$/i.test(path)
  const { value, positions, keys } = yaml
    ? await (await import('./source-yaml.ts')).readYaml(text, path)
    : readJson(text, path)
  const at = (pointer: string): Position => nearestPosition(positions, pointer)
  return { path, text, value, at, keyAt: (pointer) => keys.get(pointer) ?? at(pointer) }
}

function nearestPosition(positions: Positions, pointer: string): Position {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const position = positions.get(at)
    if (position) return position
    if (at === '') return { line: 1, column: 1 }
  }
}
