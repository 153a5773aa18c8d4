import { setMaxListeners } from 'node:events'
import { HOST_NETNS, programIn, type Command, type Output } from './command.ts'
import { canHelp, helpers, type Crew } from './crew.ts'
import { shortcut } from './direct.ts'
import { couldNotEnter, entering } from './enter.ts'
import { withoutSecretsInArgv, type Hidden } from './hidden.ts'
import { runAlone, type Done } from './spawn.ts'
import { timeLimit } from './time-limit.ts'

/** How commands are run. */
export interface ExecOptions {
  /** Told each command when it has ended: for the debug log. */
  readonly trace?: (command: Command, output: Output) => void
  /** Ends the running command, at once and before `abort()` returns, when nsnet has to stop without waiting. */
  readonly kill?: AbortSignal
  /** A descriptor that the command finds as its fd 3. */
  readonly fd?: number
  /** Says whether a secret stands in a text: then it goes by stdin where the program takes it, not in the arguments. */
  readonly holds?: (text: string) => boolean
  /** Where commands run, when it is not where nsnet does. */
  readonly inside?: Inside
}

/** Another place on this kernel, with network, mount and pid namespaces of its own. */
export interface Inside {
  /** The words that put a command there. */
  readonly enter: readonly string[]
  /** Helpers that are there. */
  readonly crew: Crew
  /** The directory in which nsnet sees the files of that place. */
  readonly root: string
}

/** Bytes of output that are read of one command; more ends it. */
const MAX_OUTPUT = 256 * 1024 * 1024

/** How long a command may take that says nothing of it itself, in milliseconds. */
const TIME_LIMIT_MS = 30_000

/**
 * Makes an `Exec` of real processes: `LC_ALL=C`, a time limit, and a process group of its own, so that Ctrl-C reaches
 * nsnet and not the running command. The kernel ends the command when nsnet dies (PR_SET_PDEATHSIG by setpriv(1)): after a
 * `kill -9` nothing goes on changing the kernel behind the back of a resume.
 *
 * What nsnet can do itself where it is itself it does (see `shortcut`), a netns is entered in the cheapest way (see `entering`), and from the
 * second command on a small process starts them (see `Crew`).
 *
 * A command that takes too long is ended with all that it has started in its process group; the limit is
 * `NSNET_TIMEOUT` seconds (30 when it is not set), or the command's own.
 *
 * @throws USAGE when `NSNET_TIMEOUT` is no number of seconds
 */
export function processExec({ trace, kill, fd, holds, inside: place }: ExecOptions = {}) {
  const usual = timeLimit(TIME_LIMIT_MS)
  // each running command listens, and many may run at the same time
  if (kill) setMaxListeners(Infinity, kill)
  const { crew, enter, root } = place ?? { crew: helpers, enter: [], root: '' }
  // the first process of another place is in its host netns
  const actual = hostNetnsAs(`/proc/${place ? 1 : process.pid}/ns/net`)
  let began = 0
  const run = async (argv: readonly string[], command: Hidden): Promise<Ran> => {
    const { stdin, timeoutMs, env } = command
    const limit = limited(timeoutMs ?? usual, kill)
    const isWarm = began++ > 0 || crew.isWarm()
    const isPlain = fd === undefined && env === undefined && LEAVES_NOTHING.test(programIn(command.argv)[0] ?? '')
    const helped = isWarm && isPlain && canHelp(argv, stdin)
    const job = { argv, stdin, env, begun: limit.begun, maxBytes: MAX_OUTPUT }
    const alone = (): Promise<Done> => runAlone({ ...job, argv: [...enter, ...argv] }, fd)
    const ended = (helped ? await crew.run(job) : undefined) ?? (await alone())
    const timedOut = limit.over()
    const { stdout, stderr, exitCode, reason } = ended
    return { stdout, stderr: stderr || (timedOut ? '' : reason), exitCode, timedOut }
  }
  return async (command: Command): Promise<Output> => {
    const start = performance.now()
    const perform = async (): Promise<Ran> => {
      const wanted = holds ? withoutSecretsInArgv(command, holds) : command
      const argv = wanted.argv.map(actual)
      const inside = entering(argv, root)
      const ran = await run(inside ?? argv, wanted)
      return inside && couldNotEnter(ran) ? await run(argv, wanted) : ran
    }
    const ran = (place ? undefined : shortcut(command)) ?? (await perform())
    const output = { ...ran, durationMs: performance.now() - start }
    trace?.(command, output)
    return output
  }
}

type Ran = Omit<Output, 'durationMs'>

/** A timer that is to run for longer runs for 1 ms. @see setTimeout() in the documentation of Node.js */
const LONGEST_MS = 2 ** 31 - 1

/** Programs that leave nothing running behind them, so that a helper knows when all of their output is there. */
const LEAVES_NOTHING = /^(ip|sysctl|ip6?tables(-nft|-legacy)?(-save|-restore)?|nft|find|grep|ping|tc|wg)$/

/** Ends what has begun when the time is over or nsnet has to stop. */
function limited(ms: number, kill: AbortSignal | undefined) {
  let [isOver, timer]: [boolean, NodeJS.Timeout?] = [false]
  let stop: (() => void) | undefined
  return {
    begun(end: () => void): void {
      stop = end
      timer = setTimeout(
        () => {
          isOver = true
          end()
        },
        Math.min(ms, LONGEST_MS),
      )
      if (kill?.aborted) end()
      kill?.addEventListener('abort', end)
    },
    over(): boolean {
      clearTimeout(timer)
      if (stop) kill?.removeEventListener('abort', stop)
      return isOver
    },
  }
}

/** Writes a path for the host's netns, only where `ip` takes a netns: an alias may say the same. */
const hostNetnsAs =
  (path: string) =>
  (word: string, at: number, argv: readonly string[]): string =>
    word === HOST_NETNS && argv[at - 1] === 'netns' ? path : word
