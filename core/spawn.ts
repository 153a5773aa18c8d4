import { execa } from 'execa'
import { constants } from 'node:os'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Readable, Writable } from 'node:stream'
import { gather } from './gather.ts'
import { toolPath } from './tool-path.ts'

/** A command to run to its end. */
export interface Job {
  readonly argv: readonly string[]
  readonly stdin: string | undefined
  /** What it finds in its environment beside what all find there. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Gets what ends the command, as soon as it runs. */
  readonly begun: (end: () => void) => void
  /** Bytes of output that are read; more ends the command. */
  readonly maxBytes: number
}

/** What came of it. */
export interface Done {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
  /** Why it has no exit code of its own. */
  readonly reason: string
}

/** What a process is started with: `stdin` is written to it (without, it reads nothing), `fd` is its fd 3. */
export interface Started {
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly stdin?: string | undefined
  readonly fd?: number | undefined
}

/** A process that runs: its streams, and what it ended with. */
export interface Running {
  readonly pid: number | undefined
  readonly stdin: Writable | null
  readonly stdout: Readable
  readonly stderr: Readable
  readonly ended: Promise<Ended>
  /** The same of the process alone: what it has left running may still hold its streams. */
  readonly exited: Promise<Ended>
  /** Has nsnet wait for it, or not. */
  readonly hold: (held: boolean) => void
}

/** How a process ended: its exit code as shells say it, 127 with a reason when it could not be started. */
export interface Ended {
  readonly exitCode: number
  readonly reason: string
}

/**
 * Starts a process: no shell, `LC_ALL=C`, a process group of its own, so that Ctrl-C reaches nsnet and not the process.
 * The kernel ends it when nsnet dies (PR_SET_PDEATHSIG by setpriv(1)). Its output is for the caller to read: a library
 * that collects it, too, would cost half a millisecond of each start.
 */
export function start(argv: readonly string[], { stdin, fd, env }: Started, open: 'one' | 'many'): Running {
  const child = execa(PROGRAM, [...UNDER, ...argv], {
    env: { ...environment(), ...env },
    extendEnv: false,
    stdio: stdioOf(stdin !== undefined || open === 'many', fd),
    ...(stdin === undefined ? {} : { input: stdin }),
    detached: true,
    reject: false,
    buffer: false,
  })
  const streams = [child.stdin, child.stdout, child.stderr] as readonly { ref?: () => void; unref?: () => void }[]
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: child.then(({ exitCode, signal, shortMessage }) => ({
      exitCode: codeOf(exitCode, signal),
      reason: exitCode === undefined ? (shortMessage ?? '') : '',
    })),
    exited: new Promise((resolve) =>
      child.once('exit', (exitCode, signal) => resolve({ exitCode: codeOf(exitCode, signal), reason: '' })),
    ),
    hold(held) {
      for (const it of [child, ...streams]) {
        if (held) it?.ref?.()
        else it?.unref?.()
      }
    },
  }
}

const codeOf = (exitCode: number | null | undefined, signal: NodeJS.Signals | null | undefined): number =>
  exitCode ?? (signal ? 128 + constants.signals[signal] : 127)

/** Runs a command in a process that nsnet itself starts; `fd` is its fd 3. */
export async function runAlone({ argv, stdin, env, begun, maxBytes }: Job, fd: number | undefined): Promise<Done> {
  const child = start(argv, { stdin, fd, env }, 'one')
  const end = (): void => {
    endGroup(child.pid)
    // what has left the group may still hold the pipes
    child.stdout.destroy()
    child.stderr.destroy()
  }
  let isOver = false
  const bytes = (): number => out.bytes() + err.bytes()
  const check = (): void => {
    if (isOver) [out, err].forEach((it) => it.clear())
    else if (bytes() > maxBytes) end()
  }
  const [out, err] = [gather(child.stdout, check), gather(child.stderr, check)]
  begun(end)
  const closed = Promise.all([out.closed, err.closed])
  const whole = Promise.all([child.ended, closed]).then(([ended]) => ended)
  const { exitCode, reason } = await Promise.race([whole, child.exited.then((ended) => quiet(bytes, closed, ended))])
  const done = { exitCode, stdout: out.text(), stderr: err.text(), reason }
  isOver = true
  child.hold(false)
  return done
}

/** How long what a process has left running may say nothing until nobody listens to it, and how long it is listened to at most. */
const [QUIET_MS, MOST_MS] = [100, 1000]

/** Waits until streams are closed, or give nothing more for a while; what was written to them before is read by then. */
async function quiet<T>(bytes: () => number, closed: Promise<unknown>, then: T): Promise<T> {
  const over = new AbortController()
  void closed.then(() => over.abort())
  const until = performance.now() + MOST_MS
  for (let had = -1; had !== bytes() && performance.now() < until && !over.signal.aborted;) {
    had = bytes()
    await setTimeout(QUIET_MS, undefined, { signal: over.signal }).catch(() => undefined)
    // where nsnet was busy itself, it has not read yet
    await setImmediate()
  }
  return then
}

/** The words in front of every process that nsnet starts. @see setpriv(1) */
export const [PROGRAM, ...UNDER] = ['setpriv', '--pdeathsig', 'KILL', '--'] as const

/** Ends a process with all that it has left in its process group. */
export function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // the group is empty: nothing was left
  }
}

/**
 * The environment of every process that nsnet starts: its own, without the inputs of workflows, since programs have no use for
 * the secrets among them; with `LC_ALL=C`, and a PATH that has the tools.
 */
export function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('NSNET_INPUT_'))
  return { ...Object.fromEntries(own), LC_ALL: 'C', PATH: toolPath() }
}

type Stdio = readonly ['ignore' | 'pipe', 'pipe', 'pipe']

/** Lists the descriptors of the child; execa's types know no bare number beyond the third, its runtime does. */
function stdioOf(reads: boolean, fd: number | undefined): Stdio {
  return [reads ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])] as unknown as Stdio
}
