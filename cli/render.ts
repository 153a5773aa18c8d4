import type { Command, Output } from '../core/command.ts'
import type { Failure, RunEvent } from '../core/events.ts'
import type { Moment } from '../core/moment.ts'
import { printable } from '../core/quote.ts'
import { outputsOfRun } from '../core/run-outputs.ts'
import { placeIn } from '../core/place-in.ts'
import type { Run, StepRecord } from '../core/run.ts'
import { toType } from './advice.ts'
import { commandsIn } from './brief.ts'
import { commandRow, commandRows, commandText, row } from './rows.ts'
import { duration, type GlobalOptions, type Screen } from './terminal.ts'
import { plainValue } from './plain-value.ts'
import { outcomeLines, type Shown } from './step-line.ts'
import { cut, oneLine } from './text.ts'

/** The lines that say what became of a step: mark, word, step, duration, what changed; and why, where it went wrong. */
export function eventLines(screen: Screen, run: Run, event: RunEvent): readonly string[] {
  const lines = (status: Shown, durationMs: number | undefined, detail: string): readonly string[] =>
    outcomeLines(screen, run, (event as { readonly step: string }).step, status, durationMs, detail)
  switch (event.type) {
    case 'StepApplied': {
      const { status, apply } = run.steps.get(event.step)!
      // without an intent since, nothing was run: a step at the end, which is looked at in each attempt
      if (status === 'applied') return lines('holds', event.durationMs, 'as this run has made it')
      return lines('applied', event.durationMs, whatChanged(screen, event.outputs, apply))
    }
    case 'StepSatisfied':
      return lines('satisfied', event.durationMs, summaryIn(event.outputs) ?? 'held already')
    case 'StepSkipped':
      return lines('skipped', undefined, event.reason)
    case 'StepRetried':
      return lines('retried', undefined, `try ${event.attempt}: ${event.failure.message}`)
    case 'StepFailed':
    case 'UndoFailed': {
      const status = event.type === 'StepFailed' ? 'failed' : 'undo failed'
      return [
        ...lines(status, undefined, event.failure.message),
        ...failureLines(screen, run, event.step, event.failure, 'beginning'),
      ]
    }
    case 'StepKept':
      return lines('kept', event.durationMs, event.reason)
    case 'StepUndone':
      return lines(event.how, event.durationMs, event.reason ?? '')
    case 'RunInterrupted':
      return [screen.paint('yellow', `  stopped by ${printable(event.signal)}`)]
    default:
      return []
  }
}

/** The line of a command that ended, for `-v`. */
export function commandLine(screen: Screen, command: Command, output: Omit<Output, 'stdout'>): string {
  const end = output.timedOut ? 'timed out' : `exit ${output.exitCode}`
  return `    $ ${commandText(screen, command, 6)}  (${end}, ${duration(output.durationMs)})`
}

/** Sums up how many steps are in which state: `12 applied, 3 satisfied`. */
export function counts({ steps }: Run): string {
  const by = new Map<string, number>()
  for (const { status } of steps.values()) by.set(status, (by.get(status) ?? 0) + 1)
  return [...by].map(([status, count]) => `${count} ${status}`).join(', ')
}

/** What a run gives, once it is whole, one line each. */
export function outputLines(screen: Screen, { run, status }: Moment): readonly string[] {
  const outputs = status === 'completed' ? Object.entries(outputsOfRun(run)) : []
  const width = Math.max(0, ...outputs.map(([name]) => name.length))
  return outputs.map(([name, value]) =>
    cut(oneLine(`  ${name.padEnd(width)} = ${plainValue(value)}`), screen.columns()),
  )
}

/** What to type next, in the state that a run is in; runs that are kept elsewhere are found there. */
export function nextSteps({ run, status }: Pick<Moment, 'run' | 'status'>, options: GlobalOptions): readonly string[] {
  const id = run.started.run
  const back = `take it back: ${toType(options, 'undo', id)}`
  if (process.env['NSNET_SANDBOX_ONCE'] === '1') return ['the sandbox is gone, and with it all that was made in it']
  if (status === 'undone') return keptSteps(run, options)
  const look = toType(options, 'show', id)
  if (status === 'undo failed') return [`see why: ${look}`, `try again: ${toType(options, 'undo', id)}`]
  const ours = [...run.steps.values()].some(({ open }) => open)
  if (status !== 'completed') return [`go on: ${toType(options, 'resume', id)}`, ...(ours ? [back] : [])]
  return [`look at it: ${look}`, ours ? back : 'nothing of this is ours to undo: all of it held before']
}

function keptSteps({ steps, started }: Run, options: GlobalOptions): readonly string[] {
  const kept = [...steps.values()].filter((step) => step.status === 'kept')
  const runs = [...new Set(kept.flatMap(({ neededBy = [] }) => neededBy))]
  const others = runs.map((run) => toType(options, 'undo', run)).join(', ')
  const changed = kept.some(({ neededBy = [] }) => neededBy.length === 0)
  return [
    ...(runs.length > 0 ? [`what is kept for others goes when they are undone: ${others}`] : []),
    ...(changed ? [`take back also what others changed: ${toType(options, 'undo', started.run, '--force')}`] : []),
  ]
}

/** Everything about a failure: where it stands in the workflow, the command, what it said (of stdout a part), and advice. */
export function failureLines(
  screen: Screen,
  { started, steps }: Run,
  step: string,
  { command, output, hint }: Failure,
  upTo: 'all' | 'beginning',
): readonly string[] {
  const stderr = output?.stderr.trimEnd()
  const stdout = (upTo === 'all' ? output?.stdout : beginningOf(output?.stdout))?.trimEnd()
  return [
    row(screen, 'at', placeOf(started, steps.get(step)!.spec)),
    ...(command ? [commandRow(screen, 'command', command)] : []),
    ...(output ? [row(screen, 'exit code', output.timedOut ? 'none: it took too long' : `${output.exitCode}`)] : []),
    ...(stderr ? [row(screen, 'stderr', stderr)] : []),
    ...(stdout ? [row(screen, 'stdout', stdout)] : []),
    ...(hint ? [row(screen, 'hint', hint)] : []),
  ]
}

const beginningOf = (text = ''): string => text.slice(0, 300).split('\n').slice(0, 5).join('\n')

/** What a step that is applied did: its summary, else its commands, on a terminal the first and how many more there are. */
export function whatChanged(screen: Screen, outputs: StepRecord['outputs'], apply: readonly Command[] = []): string {
  return summaryIn(outputs) ?? commandsIn(screen, apply)
}

/** What a step says of itself for people; undefined when it says nothing. */
export function summaryIn(outputs: StepRecord['outputs'] = {}): string | undefined {
  return typeof outputs['summary'] === 'string' ? outputs['summary'] : undefined
}

/** Says where a step stands in its workflow file. */
export const placeOf = ({ workflow }: Run['started'], { at }: StepRecord['spec']): string =>
  placeIn(at.file ?? workflow.path, at, at.pointer)

/** Lists the commands of a step, each with the verb that it belongs to. */
export const commandLines = (
  screen: Screen,
  { apply, undo }: Partial<Pick<StepRecord, 'apply' | 'undo'>>,
): readonly string[] => [
  ...(apply ? commandRows(screen, 'apply', apply) : []),
  ...(undo ? commandRows(screen, 'undo', undo) : []),
]
