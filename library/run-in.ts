import { inNetns, type Command, type Output } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import { got } from '../core/problems.ts'
import type { Place } from './place.ts'

/** Where a command runs. */
export interface Where {
  /** A named netns; without it, the host's. */
  readonly netns?: string
}

/** How a command runs. */
export interface CommandOptions extends Where {
  /** What it reads; without it, nothing. */
  readonly stdin?: string
  /** After so many milliseconds (30,000 by default) it is ended. */
  readonly timeoutMs?: number
  /** Ends it at once. */
  readonly signal?: AbortSignal
}

/**
 * Runs a command in a place to its end, whatever its exit code; `LC_ALL=C`, and with it all that it has started.
 *
 * @throws USAGE when it is no list of texts
 */
export async function runIn(place: Place, argv: readonly string[], options: CommandOptions = {}): Promise<Output> {
  if (!Array.isArray(argv) || argv.length === 0 || argv.some((word) => typeof word !== 'string')) {
    const hint = "each word by itself, for no shell reads them: exec(['ip', 'link', 'show'])"
    throw new NsnetError('USAGE', `expected a command as a list of texts, got ${got(argv)}`, hint)
  }
  const { netns, stdin, timeoutMs, signal } = options
  const command: Command = {
    argv: inNetns(netns, argv),
    ...(stdin === undefined ? {} : { stdin }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  return await place.exec(signal === undefined ? {} : { kill: signal })(command)
}
