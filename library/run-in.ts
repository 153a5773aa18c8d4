import { inNetns, type Command, type Output } from '../core/command.ts'
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

/** Runs a command in a place to its end, whatever its exit code; `LC_ALL=C`, and with it all that it has started. */
export async function runIn(place: Place, argv: readonly string[], options: CommandOptions = {}): Promise<Output> {
  const { netns, stdin, timeoutMs, signal } = options
  const command: Command = {
    argv: inNetns(netns, argv),
    ...(stdin === undefined ? {} : { stdin }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  return await place.exec(signal === undefined ? {} : { kill: signal })(command)
}
