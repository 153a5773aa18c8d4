import type { Progress } from '../../core/ports.ts'
import { quote } from '../../core/quote.ts'
import type { Run } from '../../core/run.ts'
import { eventLines } from '../render.ts'
import { duration, type Screen, type Terminal } from '../terminal.ts'
import { oneLine } from '../text.ts'
import type { View } from './view.ts'

/** How often the line at the bottom is drawn anew, in milliseconds. */
const EVERY_MS = 100

type Wait = Extract<Progress, { readonly doing: 'wait' }>

/** A step that is being worked on, since when, and what was told of it last. */
export interface Current {
  readonly run: Run
  readonly step: string
  readonly since: number
  readonly last: Progress
  /** The last look that found that it does not hold yet, and when that was told. */
  readonly waits?: { readonly told: Wait; readonly at: number }
}

/** Tells each outcome in lines that stay, and below them, alive, what goes on now. */
export function tty(terminal: Terminal): View {
  let current: Current | undefined
  // what is over before the clock strikes is not worth a line
  const clock = setInterval(() => {
    if (current) terminal.live(liveLine(terminal.aside, current, performance.now()))
  }, EVERY_MS)
  clock.unref()
  return {
    event: (run, { event }) => {
      current = undefined
      for (const line of eventLines(terminal.aside, run, event)) terminal.tell(line)
    },
    progress: (run, told) => {
      current = following(current, run, told)
    },
    end: () => {
      clearInterval(clock)
      terminal.calm()
    },
  }
}

function following(before: Current | undefined, run: Run, told: Progress): Current {
  const at = performance.now()
  const known = before?.step === told.step ? before : { since: at }
  return { ...known, run, step: told.step, last: told, ...(told.doing === 'wait' ? { waits: { told, at } } : {}) }
}

/** The line of a step that goes on now: `… works  [15/15]  3.2 s  attempt 3, 4 s left: no answer`. */
export function liveLine({ paint }: Screen, { run, step, since, last, waits }: Current, now: number): string {
  const { steps } = run.started
  const place = `[${steps.findIndex(({ id }) => id === step) + 1}/${steps.length}]`
  const what = waits ? waiting(waits.told, now - waits.at) : doing(last)
  return `  ${paint('yellow', '…')} ${step}  ${place}  ${inSeconds(now - since)}  ${oneLine(what)}`
}

function waiting({ attempt, leftMs, message }: Wait, sinceMs: number): string {
  const left = Math.max(0, Math.ceil((leftMs - sinceMs) / 1000))
  return `attempt ${attempt}, ${left < 60 ? `${left} s` : duration(left * 1000)} left: ${message}`
}

function doing(told: Progress): string {
  if (told.doing === 'run' || told.doing === 'probe') return told.command.argv.map(shortWord).join(' ')
  return told.doing === 'plan' || told.doing === 'undo' ? 'looking' : ''
}

/** A word of a command; of a script or another text of several lines only that there is one. */
const shortWord = (word: string): string => (word.includes('\n') ? '…' : quote(word))

const inSeconds = (ms: number): string => (ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms))
