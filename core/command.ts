import { quote } from './quote.ts'

/**
 * A process as data: printed by `plan`, stored in the journal, run by the engine. No shell ever sees it.
 *
 * `argv` is the program and its arguments, each passed on as it is. `stdin` is written to the program, which otherwise
 * reads nothing. `timeoutMs` ends it (default 30,000). `okExits` are the exit codes that count as success (default 0).
 */
export interface Command {
  readonly argv: readonly string[]
  readonly stdin?: string
  readonly timeoutMs?: number
  readonly okExits?: readonly number[]
}

/** What came of a command. A command that could not be started has exit code 127 and says why in `stderr`. */
export interface Output {
  readonly stdout: string
  readonly stderr: string
  /** The exit code; 128 + the signal's number when a signal ended it, as shells say it. */
  readonly exitCode: number
  readonly timedOut: boolean
  readonly durationMs: number
}

/** Runs a command to its end; rejects only when nsnet itself is broken. */
export type Exec = (command: Command) => Promise<Output>

/** Stands for the netns that nsnet runs in, where `ip` wants a netns: replaced by a path below `/proc` when it runs. */
export const HOST_NETNS = '@host-netns'

/** Stands in a plan's way back for the handle of what the step makes: known only when the kernel has made it. */
export const HANDLE = '@handle'

/** Makes a command of iproute2's `ip`, in a named netns or (without one) in the host's. */
export function ip(netns: string | undefined, ...args: readonly string[]): Command {
  return { argv: netns === undefined ? ['ip', ...args] : ['ip', '-n', netns, ...args] }
}

/** Puts a program into a named netns by ip-netns(8) `exec`, which also mounts the files of `/etc/netns/NAME`. */
export function inNetns(netns: string | undefined, argv: readonly string[]): readonly string[] {
  return netns === undefined ? argv : ['ip', 'netns', 'exec', netns, ...argv]
}

/** Takes off what `inNetns()` puts before the words of a program. */
export const programIn = (argv: readonly string[]): readonly string[] =>
  argv[0] === 'ip' && argv[1] === 'netns' && argv[2] === 'exec' ? argv.slice(4) : argv

/** Names the netns that a command runs in, as `ip()` and `inNetns()` write it; undefined for the host's. */
export function netnsOf({ argv }: Command): string | undefined {
  if (argv[0] !== 'ip') return undefined
  if (argv[1] === '-n') return argv[2]
  return argv[1] === 'netns' && argv[2] === 'exec' ? argv[3] : undefined
}

/** Says whether the command did what it was asked to. */
export function succeeded(command: Command, output: Output): boolean {
  return !output.timedOut && (command.okExits ?? [0]).includes(output.exitCode)
}

/** Writes a command as a POSIX shell would read it back. */
export function show({ argv, stdin }: Command): string {
  const line = argv.map(quote).join(' ')
  if (stdin === undefined) return line
  const end = endOfText(stdin)
  return `${line} <<'${end}'\n${stdin.replace(/\n?$/, '\n')}${end}`
}

/** Finds a word that ends a here-document: no line of the text is that word. */
export function endOfText(text: string): string {
  const lines = new Set(text.split('\n'))
  let word = 'EOF'
  while (lines.has(word)) word = `_${word}`
  return word
}
