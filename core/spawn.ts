import { execa } from 'execa'
import { constants } from 'node:os'
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
      exitCode: exitCode ?? (signal === undefined ? 127 : 128 + constants.signals[signal]),
      reason: exitCode === undefined ? (shortMessage ?? '') : '',
    })),
    hold(held) {
      for (const it of [child, ...streams]) {
        if (held) it?.ref?.()
        else it?.unref?.()
      }
    },
  }
}

/** Runs a command in a process that nsnet itself starts; `fd` is its fd 3. */
export async function runAlone({ argv, stdin, env, begun, maxBytes }: Job, fd: number | undefined): Promise<Done> {
  const child = start(argv, { stdin, fd, env }, 'one')
  const end = (): void => {
    endGroup(child.pid)
    // what has left the group may still hold the pipes
    child.stdout.destroy()
    child.stderr.destroy()
  }
  const check = (): void => (out.bytes() + err.bytes() > maxBytes ? end() : undefined)
  const [out, err] = [gather(child.stdout, check), gather(child.stderr, check)]
  begun(end)
  const [{ exitCode, reason }] = await Promise.all([child.ended, out.closed, err.closed])
  return { exitCode, stdout: out.text(), stderr: err.text(), reason }
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
