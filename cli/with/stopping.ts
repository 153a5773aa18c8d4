import { listen } from '../foreground.ts'
import type { Stop } from '../signals.ts'

/** What nsnet does when a signal comes: it sets up, waits for the command, or takes back. */
export type Phase = 'set up' | 'command' | 'take back'

/** How nsnet is asked to stop around a command. */
export interface Stopping {
  /** Begins a phase; gives what stops it. */
  readonly enter: (phase: Phase) => Pick<Stop, 'signal' | 'kill'>
  readonly release: () => void
}

/**
 * Listens for signals. One that comes while it is set up stops that, and all is taken back; a second one ends also the running
 * command of a step. While the command runs, signals are for it. While it is taken back, only a second one stops that (a hang-up never does).
 */
export function stopping(tell: (line: string) => void): Stopping {
  let phase: Phase = 'set up'
  let [first, second] = [new AbortController(), new AbortController()]
  let isWarned = false
  const inSetUp = (name: string): void => {
    if (!first.signal.aborted) {
      tell(`${name}: stopping the set-up, to take it back`)
      first.abort(name)
    } else if (name !== 'SIGHUP') second.abort(name)
  }
  const inUndo = (name: string): void => {
    if (name === 'SIGHUP') return
    if (isWarned) return first.signal.aborted ? second.abort(name) : first.abort(name)
    isWarned = true
    tell(`${name}: taking it back; again to leave the rest to nsnet undo`)
  }
  const on = (name: string) => (): void => {
    if (phase !== 'command') (phase === 'set up' ? inSetUp : inUndo)(name)
  }
  const release = listen({ SIGINT: on('SIGINT'), SIGTERM: on('SIGTERM'), SIGHUP: on('SIGHUP') })
  return {
    release,
    enter: (next) => {
      ;[phase, first, second] = [next, new AbortController(), new AbortController()]
      return { signal: first.signal, kill: second.signal }
    },
  }
}
