import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

const COMPLAINTS = '/run/complaints'

/**
 * Runs a command to its end and gives the milliseconds from before its fork until it was waited for. Nobody reads its stdout
 * (`/dev/null`); what it complains of goes to a file in memory, and is told when its exit code is another than expected.
 */
export function timed(argv: readonly string[], exitCode = 0): number {
  const complaints = openSync(COMPLAINTS, 'w')
  const began = performance.now()
  const { status, signal, error } = spawnSync(argv[0]!, argv.slice(1), { stdio: ['ignore', 'ignore', complaints] })
  const took = performance.now() - began
  closeSync(complaints)
  if (status === exitCode) return took
  const said = readFileSync(COMPLAINTS, 'utf8').trim().split('\n').slice(-3).join(' | ')
  throw new Error(`${argv.join(' ')}: ${error?.message ?? `exit code ${status ?? signal}: ${said}`}`)
}

/** Runs a command and gives what it prints; it is not timed. @throws when it fails */
export function printed(argv: readonly string[], input = ''): string {
  const options = { input, encoding: 'utf8', maxBuffer: 1024 ** 3 } as const
  const { status, stdout, stderr, error } = spawnSync(argv[0]!, argv.slice(1), options)
  if (status === 0) return stdout
  throw new Error(`${argv.join(' ')}: ${error?.message ?? `exit code ${status}: ${stderr.trim()}`}`)
}

/** Says whether a command can be run and goes well. */
export const works = (...argv: readonly string[]): boolean => spawnSync(argv[0]!, argv.slice(1)).status === 0
