import { printable } from '../core/quote.ts'
import { findProgram } from '../library/find-program.ts'

/** Tells why a program cannot be run, and gives the exit code for it; undefined when it can be. */
export function cannotRun(program: string): number | undefined {
  const found = findProgram(program)
  if (found === 'there') return undefined
  process.stderr.write(`nsnet: cannot run ${printable(program)}: ${troubles[found].why}\n`)
  return troubles[found].code
}

/**
 * Why a program cannot be run, and the exit codes that shells give then. ip-netns(8) ends with 255 in both cases, which may be
 * the exit code of the command too.
 */
const troubles = {
  forbidden: { code: 126, why: 'it may not be run' },
  missing: { code: 127, why: 'there is no such program' },
} as const
