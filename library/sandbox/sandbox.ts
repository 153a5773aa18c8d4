import type { Exec, Output } from '../../core/command.ts'
import { NsnetError } from '../../core/errors.ts'
import { processExec, type ExecOptions } from '../../core/exec.ts'
import { linksIn } from '../absent-links.ts'
import { netnsOf, readFacts } from '../facts.ts'
import type { Place } from '../place.ts'
import { runIn, wordsIn, type CommandOptions, type Where } from '../run-in.ts'
import { hold, type Holder } from './holder.ts'
import { STATE } from './world.ts'

/**
 * A private little world on the real kernel, as `nsnet sandbox` makes it: a host with the uplink `enp1s0` and a default
 * route, and behind it an "internet" that answers under 203.0.113.10 and `google.com`. It needs no privilege. There may be
 * many at the same time, and all that is in one is gone when it ends, or when the process that made it does.
 */
export interface Sandbox extends AsyncDisposable {
  /** Runs a command inside to its end, whatever its exit code. @throws SANDBOX_GONE */
  readonly exec: (argv: readonly string[], options?: CommandOptions) => Promise<Output>
  /** The words that run a command inside, for a `spawn()` of one's own. @throws SANDBOX_GONE */
  readonly argv: (argv: readonly string[], where?: Where) => readonly string[]
  /** Ends every process inside; when this resolves, all of it is gone. */
  readonly end: () => Promise<void>
}

/** A sandbox as nsnet itself works in it. */
export interface OpenSandbox extends Sandbox {
  readonly place: Place
  /** The directory of the runs that are journaled inside: gone with it. */
  readonly stateDir: string
  readonly holder: Holder
}

/** Makes a sandbox; `nsnet` are the words of the command that is the program `nsnet` inside. @throws SANDBOX_UNAVAILABLE */
export async function openSandbox(nsnet: readonly string[]): Promise<OpenSandbox> {
  const holder = await hold(nsnet)
  const { pid, enter } = holder
  const end = async (): Promise<void> => {
    if (!holder.isGone()) await holder.end()
  }
  const proc = `/proc/${pid}`
  const place: Place = {
    exec: (options) => execIn(holder, `${proc}/root`, options ?? {}),
    facts: () => readFacts(place.exec(), proc),
    netns: () => netnsOf(proc),
    links: () => linksIn(proc),
    warmUp: () => holder.crew.warmUp(),
  }
  return {
    place,
    holder,
    stateDir: `${proc}/root${STATE}`,
    exec: (argv, options) => runIn(place, argv, options),
    argv: (argv, where = {}) => {
      expectThere(holder)
      return [...enter, ...wordsIn(argv, where)]
    },
    end,
    [Symbol.asyncDispose]: end,
  }
}

/** The number of its process may be that of another by now. */
function execIn(holder: Holder, root: string, options: ExecOptions): Exec {
  const { enter, crew } = holder
  const exec = processExec({ ...options, inside: { enter, crew, root } })
  return async (command) => {
    expectThere(holder)
    return await exec(command)
  }
}

/** @throws SANDBOX_GONE */
export function expectThere({ isGone }: Pick<Holder, 'isGone'>): void {
  if (isGone()) throw new NsnetError('SANDBOX_GONE', 'expected a sandbox, this one has ended', 'make a new one')
}
