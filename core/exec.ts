import { execa } from 'execa'
import { setMaxListeners } from 'node:events'
import { constants } from 'node:os'
import { HOST_NETNS, type Command, type Output } from './command.ts'
import { NsnetError } from './errors.ts'
import { withoutSecretsInArgv } from './hidden.ts'
import { toolPath } from './tool-path.ts'

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
}

/** Bytes of output that are read of one command; more ends it. */
const MAX_OUTPUT = 256 * 1024 * 1024

/** How long a command may take that says nothing of it itself, in milliseconds. */
const TIME_LIMIT_MS = 30_000

/**
 * Makes an `Exec` of real processes: no shell, `LC_ALL=C`, a time limit, and a process group of its own, so that Ctrl-C
 * reaches nsnet and not the running command. The kernel ends the command when nsnet dies (PR_SET_PDEATHSIG by
 * setpriv(1)): after a `kill -9` nothing goes on changing the kernel behind the back of a resume.
 *
 * A command that takes too long is ended with all that it has started in its process group; the limit is
 * `NSNET_TIMEOUT` seconds (30 when it is not set), or the command's own.
 *
 * @throws USAGE when `NSNET_TIMEOUT` is no number of seconds
 */
export function processExec({ trace, kill, fd, holds }: ExecOptions = {}) {
  const usual = timeLimit(process.env['NSNET_TIMEOUT'])
  // each running command listens, and many may run at the same time
  if (kill) setMaxListeners(Infinity, kill)
  return async (command: Command): Promise<Output> => {
    const { argv, stdin, timeoutMs } = holds ? withoutSecretsInArgv(command, holds) : command
    const began = performance.now()
    const child = execa('setpriv', ['--pdeathsig', 'KILL', '--', ...argv.map(actual)], {
      env: { ...environment(), LC_ALL: 'C', PATH: toolPath() },
      extendEnv: false,
      stdio: stdioOf(stdin, fd),
      ...(stdin === undefined ? {} : { input: stdin }),
      detached: true,
      reject: false,
      stripFinalNewline: false,
      maxBuffer: MAX_OUTPUT,
    })
    const end = (): void => endGroup(child.pid)
    kill?.addEventListener('abort', end)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      end()
      // what has left the group may still hold the pipes
      child.stdout.destroy()
      child.stderr.destroy()
    }, timeoutMs ?? usual)
    const result = await child
    clearTimeout(timer)
    kill?.removeEventListener('abort', end)
    const output: Output = {
      stdout: text(result.stdout),
      stderr: text(result.stderr) || (result.exitCode === undefined && !timedOut ? (result.shortMessage ?? '') : ''),
      exitCode: result.exitCode ?? exitCodeOf(result.signal),
      timedOut,
      durationMs: performance.now() - began,
    }
    trace?.(command, output)
    return output
  }
}

/** The environment without the inputs of workflows: programs have no use for the secrets among them. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NSNET_INPUT_')))
}

function timeLimit(seconds: string | undefined): number {
  if (seconds === undefined || seconds === '') return TIME_LIMIT_MS
  if (/^\d{1,6}(\.\d{1,3})?$/.test(seconds) && Number(seconds) > 0) return Number(seconds) * 1000
  throw new NsnetError('USAGE', `expected NSNET_TIMEOUT to be a number of seconds, such as 60, got "${seconds}"`)
}

type Stdio = readonly ['ignore' | 'pipe', 'pipe', 'pipe']

/** Lists the descriptors of the child; execa's types know no bare number beyond the third, its runtime does. */
function stdioOf(stdin: string | undefined, fd: number | undefined): Stdio {
  const first = stdin === undefined ? 'ignore' : 'pipe'
  return [first, 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])] as unknown as Stdio
}

/** Ends what a command that was cut off has left in its process group. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // the group is empty: nothing was left
  }
}

/** Only where `ip` takes a netns: an alias may say the same. */
const actual = (word: string, at: number, argv: readonly string[]): string =>
  word === HOST_NETNS && argv[at - 1] === 'netns' ? `/proc/${process.pid}/ns/net` : word

const text = (stream: unknown): string => (typeof stream === 'string' ? stream : '')

const exitCodeOf = (signal: NodeJS.Signals | undefined): number =>
  signal === undefined ? 127 : 128 + constants.signals[signal]
