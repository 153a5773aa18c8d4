import type { Progress } from '../../core/ports.ts'
import type { Run } from '../../core/run.ts'
import { eventLines } from '../render.ts'
import { stepLine } from '../step-line.ts'
import { duration, type Terminal } from '../terminal.ts'
import type { View } from './view.ts'

/** How long a step may take until it is said that it waits, in milliseconds. */
const PATIENCE_MS = 1000

/** Tells each outcome in lines that stay, and once of each step that it waits for something. */
export function plain(terminal: Terminal): View {
  let [step, since, told] = ['', 0, false]
  const waits = (run: Run, progress: Progress): void => {
    if (progress.step !== step) [step, since, told] = [progress.step, performance.now(), false]
    const forMs = performance.now() - since
    if (progress.doing !== 'wait' || told || forMs < PATIENCE_MS) return
    told = true
    const why = `attempt ${progress.attempt}, up to ${duration(progress.leftMs)} left: ${progress.message}`
    terminal.tell(stepLine(terminal.aside, run, step, 'waiting', forMs, why))
  }
  return {
    event: (run, { event }) => {
      step = ''
      for (const line of eventLines(terminal.aside, run, event)) terminal.tell(line)
    },
    progress: waits,
    end: () => undefined,
  }
}
