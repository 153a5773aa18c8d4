import { inNetns, type Command, type Output } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import { got } from '../core/problems.ts'
import { expectOptions } from './expect-options.ts'
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
  /** Ends it at once, and lets `exec` reject with INTERRUPTED. */
  readonly signal?: AbortSignal
}

const names: readonly (keyof CommandOptions)[] = ['netns', 'stdin', 'timeoutMs', 'signal']

/** Puts the words of a command into a netns, or leaves them on the host. @throws USAGE */
export function wordsIn(argv: readonly string[], where: Where): readonly string[] {
  expectOptions('argv', ['netns'], where)
  expectWords(argv)
  return inNetns(where.netns, argv)
}

/**
 * Runs a command in a place to its end, whatever its exit code; `LC_ALL=C`, and with it all that it has started.
 *
 * @throws USAGE; INTERRUPTED when the signal has ended it
 */
export async function runIn(place: Place, argv: readonly string[], options: CommandOptions = {}): Promise<Output> {
  expectOptions('exec', names, options)
  expectWords(argv)
  const { netns, stdin, timeoutMs, signal } = options
  const expectGoingOn = (): void => {
    if (!signal?.aborted) return
    throw new NsnetError('INTERRUPTED', `${argv[0]} was stopped by its signal`, undefined, { cause: signal.reason })
  }
  expectGoingOn()
  const command: Command = {
    argv: inNetns(netns, argv),
    ...(stdin === undefined ? {} : { stdin }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  const output = await place.exec(signal === undefined ? {} : { kill: signal })(command)
  expectGoingOn()
  return output
}

/** @throws USAGE */
function expectWords(argv: unknown): asserts argv is readonly string[] {
  const isList = Array.isArray(argv) && argv.length > 0 && argv[0] !== ''
  if (isList && argv.every((word) => typeof word === 'string' && !word.includes('\0'))) return
  const hint = "each word by itself, for no shell reads them: exec(['ip', 'link', 'show'])"
  throw new NsnetError('USAGE', `expected a command as a list of texts, got ${got(argv)}`, hint)
}
