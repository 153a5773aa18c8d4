import { constants } from 'node:os'

/** How nsnet is asked to stop. */
export interface Stop {
  /** Aborted by the first signal: finish what runs, journal it, stop. Its `reason` is the signal's name. */
  readonly signal: AbortSignal
  /** Aborted by the second signal, just before nsnet ends: end the running command too. SIGHUP is no second signal. */
  readonly kill: AbortSignal
  readonly release: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Exit code of a process that a signal stopped, as shells say it. */
export const exitCodeOf = (signal: string): number => 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)

/** Listens for the signals that ask to stop; `onFirst` tells people what happens now. */
export function listenForStop(onFirst: (signal: string) => void): Stop {
  const first = new AbortController()
  const second = new AbortController()
  const stop = (name: NodeJS.Signals): void => {
    // when a terminal goes away, both the kernel and the shell say so
    if (first.signal.aborted && name === 'SIGHUP') return
    if (first.signal.aborted) {
      second.abort(name)
      process.exit(exitCodeOf(name))
    }
    onFirst(name)
    first.abort(name)
  }
  for (const name of SIGNALS) process.on(name, stop)
  const release = (): void => SIGNALS.forEach((name) => void process.off(name, stop))
  return { signal: first.signal, kill: second.signal, release }
}
