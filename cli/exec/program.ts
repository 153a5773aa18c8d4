import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Says why a program cannot be run, as shells do: 127 when there is none, 126 when it may not be run; undefined when it can.
 *
 * ip-netns(8) ends with 255 in both cases, which may be the exit code of the command too.
 */
export function troubleWith(
  program: string,
  path: string,
): { readonly code: number; readonly why: string } | undefined {
  const places = program.includes('/') ? [program] : path.split(':').map((dir) => join(dir || '.', program))
  if (places.some((place) => succeeds(() => accessSync(place, constants.X_OK)) && isFile(place))) return undefined
  return places.some(isFile) ? { code: 126, why: 'it may not be run' } : { code: 127, why: 'there is no such program' }
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
