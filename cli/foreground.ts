import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { toolPath } from '../core/tool-path.ts'
import { exitCodeOf } from './signals.ts'

/** How a command runs in place of nsnet. */
export interface Foreground {
  /** Variables beside those of nsnet's own environment. */
  readonly env: { readonly [name: string]: string }
  /** Finds the process that signals are for, when it is not the one that is started. */
  readonly target: (started: number) => number | undefined
}

/** As nsnet itself would run. */
export const asIs: Foreground = { env: {}, target: (started) => started }

/**
 * Runs a command in place of nsnet, as far as one can: it has the terminal, every signal that nsnet gets, and nsnet's own
 * environment and directory. Gives its exit code, 128 + the signal's number when a signal ended it.
 *
 * @see setpriv(1): the command ends when nsnet is killed
 */
export async function inForeground(argv: readonly string[], { env, target }: Foreground): Promise<number> {
  const pass = (name: NodeJS.Signals) => () => {
    const pid = child.pid === undefined ? undefined : target(child.pid)
    if (pid !== undefined) kill(pid, name)
  }
  const typed = hasTerminal() ? () => () => undefined : pass
  // before the command is there: it may send a signal at once, and none is handled before it has begun
  const release = listen({
    // the terminal gives these to every process in the foreground, to the command too
    SIGINT: typed('SIGINT'),
    SIGQUIT: typed('SIGQUIT'),
    SIGTERM: pass('SIGTERM'),
    SIGHUP: pass('SIGHUP'),
    SIGUSR1: pass('SIGUSR1'),
    SIGUSR2: pass('SIGUSR2'),
  })
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    stdio: 'inherit',
    env: { ...process.env, PATH: toolPath(), ...env },
  })
  return await exitOf(child).finally(release)
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // it has ended
  }
}

/** Listens for signals; gives the function that ends it. */
export function listen(handlers: { readonly [name: string]: () => void }): () => void {
  for (const [name, handler] of Object.entries(handlers)) process.on(name, handler)
  return () => {
    for (const [name, handler] of Object.entries(handlers)) process.off(name, handler)
  }
}

/** Waits for the end of a process; gives its exit code as shells say it. @throws what spawn(2) says */
export function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? exitCodeOf(signal ?? '')))
  })
}

/** Says whether nsnet has a controlling terminal. @see tty(4) */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
