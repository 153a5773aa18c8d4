import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { toolPath } from '../core/tool-path.ts'

/** Says whether a program can be run, may not be, or is nowhere; one without a `/` is looked for where commands are. */
export function findProgram(program: string): 'there' | 'forbidden' | 'missing' {
  if (placeOf(program) !== undefined) return 'there'
  return placesOf(program).some(isFile) ? 'forbidden' : 'missing'
}

/** Finds the file that a program is run from; undefined where there is none that may be run. */
export const placeOf = (program: string): string | undefined =>
  placesOf(program).find((place) => succeeds(() => accessSync(place, constants.X_OK)) && isFile(place))

function placesOf(program: string): readonly string[] {
  if (program.includes('/')) return [program]
  return toolPath()
    .split(':')
    .map((dir) => join(dir || '.', program))
}

/** Directories that may not be read hold nothing, as for a shell. */
const isFile = (path: string): boolean => succeeds(() => statSync(path).isFile())

function succeeds(look: () => unknown): boolean {
  try {
    return look() !== false
  } catch {
    return false
  }
}
