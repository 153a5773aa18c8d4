import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { toolPath } from '../core/tool-path.ts'

/** Says whether a program can be run, may not be, or is nowhere; one without a `/` is looked for where commands are. */
export function findProgram(program: string): 'there' | 'forbidden' | 'missing' {
  const places = program.includes('/')
    ? [program]
    : toolPath()
        .split(':')
        .map((dir) => join(dir || '.', program))
  const files = places.filter(isFile)
  if (files.some((place) => succeeds(() => accessSync(place, constants.X_OK)))) return 'there'
  return files.length > 0 ? 'forbidden' : 'missing'
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
