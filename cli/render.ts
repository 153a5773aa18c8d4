import { show, type Command, type Output } from '../core/command.ts'
import type { Failure, RunEvent } from '../core/events.ts'
import type { Moment } from '../core/machine.ts'
import type { Progress } from '../core/ports.ts'
import { printable, quote } from '../core/quote.ts'
import type { Run, StepRecord } from '../core/run.ts'
import { duration, type GlobalOptions, type Paint, type Terminal } from './terminal.ts'

/** One line for what became of a step: mark, word, step, duration, what changed. */
export function eventLines(terminal: Terminal, run: Run, event: RunEvent): readonly string[] {
  switch (event.type) {
    case 'StepApplied':
      return [
        stepLine(
          terminal,
          run,
          event.step,
          'applied',
          event.durationMs,
          detailOf(event.outputs, commandsOf(run, event.step)),
        ),
      ]
    case 'StepSatisfied':
      return [
        stepLine(terminal, run, event.step, 'satisfied', event.durationMs, detailOf(event.outputs, 'held already')),
      ]
    case 'StepFailed':
    case 'UndoFailed':
      return [
        stepLine(
          terminal,
          run,
          event.step,
          event.type === 'StepFailed' ? 'failed' : 'undo failed',
          undefined,
          event.failure.message,
        ),
        ...failureLines(run, event.step, event.failure),
      ]
    case 'StepKept':
      return [stepLine(terminal, run, event.step, 'kept', event.durationMs, event.reason)]
    case 'StepUndone':
      return [stepLine(terminal, run, event.step, event.how, event.durationMs, event.reason ?? '')]
    case 'RunInterrupted':
      return [terminal.paint('yellow', `  stopped by ${printable(event.signal)}`)]
    default:
      return []
  }
}

/** The line that the next one replaces, for people who watch. */
export function progressLine(progress: Progress): string {
  if (progress.doing === 'run') return `  … ${progress.step}  ${printable(show(progress.command))}`
  if (progress.doing === 'wait')
    return `  … ${progress.step}  attempt ${progress.attempt}: ${printable(progress.message)}`
  return `  … ${progress.step}`
}

/** The line of a command that ended, for `-v` and the log. */
export function commandLine(command: Command, output: Output): string {
  const end = output.timedOut ? 'timed out' : `exit ${output.exitCode}`
  return `    $ ${printable(show(command))}  (${end}, ${duration(output.durationMs)})`
}

/** Sums up how many steps are in which state: `12 applied, 3 satisfied`. */
export function counts({ steps }: Run): string {
  const by = new Map<string, number>()
  for (const { status } of steps.values()) by.set(status, (by.get(status) ?? 0) + 1)
  return [...by].map(([status, count]) => `${count} ${status}`).join(', ')
}

/** What to type next, in the state that a run is in; runs that are kept elsewhere are found there. */
export function nextSteps({ run, status }: Moment, { stateDir }: GlobalOptions): readonly string[] {
  const id = `${run.started.run}${stateDir === undefined ? '' : ` --state-dir ${quote(stateDir)}`}`
  if (process.env['NSNET_SANDBOX_ONCE'] === '1') return ['the sandbox is gone, and with it all that was made in it']
  const ours = [...run.steps.values()].some(({ open }) => open)
  const back = ours ? [`take it back: nsnet undo ${id}`] : ['nothing of this is ours to undo: all of it held before']
  if (status === 'completed') return [`look at it: nsnet show ${id}`, ...back]
  if (status === 'undone') return keptSteps(run, id)
  if (status === 'undo failed') return [`see why: nsnet show ${id}`, `try again: nsnet undo ${id}`]
  return [`go on: nsnet resume ${id}`, `take it back: nsnet undo ${id}`]
}

function keptSteps({ steps }: Run, id: string): readonly string[] {
  const kept = [...steps.values()].filter((step) => step.status === 'kept')
  const runs = [...new Set(kept.flatMap(({ neededBy = [] }) => neededBy))]
  const changed = kept.some(({ neededBy = [] }) => neededBy.length === 0)
  return [
    ...(runs.length > 0 ? [`what is kept for others goes when they are undone: ${runs.join(', ')}`] : []),
    ...(changed ? [`take back also what others changed: nsnet undo ${id} --force`] : []),
  ]
}

const marks: { readonly [status in StepRecord['status']]: readonly [string, Paint] } = {
  pending: ['·', 'dim'],
  planned: ['…', 'yellow'],
  applied: ['✓', 'green'],
  satisfied: ['=', 'dim'],
  failed: ['✗', 'red'],
  undone: ['↶', 'green'],
  gone: ['=', 'dim'],
  'not ours': ['=', 'dim'],
  kept: ['=', 'yellow'],
  'undo failed': ['✗', 'red'],
}

/** A step as one line, with the words that a table of steps has. */
export function stepLine(
  { paint }: Terminal,
  run: Run,
  id: string,
  status: StepRecord['status'],
  durationMs: number | undefined,
  detail: string,
): string {
  const [mark, color] = marks[status]
  const took = (durationMs === undefined ? '' : duration(durationMs)).padStart(8)
  const state = paint(color, `${mark} ${status.padEnd(11)}`)
  return `  ${state} ${id.padEnd(idWidth(run.started))} ${paint('dim', took)}  ${printable(detail).replaceAll('\n', '⏎ ')}`.trimEnd()
}

/** Writes text of several lines behind the word that says what it is. */
const indented = (text: string): string =>
  printable(text)
    .split('\n')
    .join(`\n${' '.repeat(17)}`)

/** How wide the ids of a run's steps are, up to 30 characters; found once, for each line needs it. */
export function idWidth(started: Run['started']): number {
  const width = widths.get(started) ?? started.steps.reduce((most, { id }) => Math.max(most, id.length), 0)
  widths.set(started, width)
  return Math.min(width, 30)
}

const widths = new WeakMap<Run['started'], number>()

/** Everything about a failure: where it stands in the workflow, the command, what it said, and advice. */
export function failureLines({ started, steps }: Run, step: string, failure: Failure): readonly string[] {
  const { command, output, hint } = failure
  const stderr = output?.stderr.trimEnd()
  const stdout = output?.stdout.slice(0, 300).split('\n').slice(0, 5).join('\n').trimEnd()
  return [
    `      at         ${placeOf(started, steps.get(step)!.spec)}`,
    ...(command ? [`      command    ${printable(show(command))}`] : []),
    ...(output ? [`      exit code  ${output.timedOut ? 'none: it took too long' : output.exitCode}`] : []),
    ...(stderr ? [`      stderr     ${indented(stderr)}`] : []),
    ...(stdout ? [`      stdout     ${indented(stdout)}`] : []),
    ...(hint ? [`      hint       ${indented(hint)}`] : []),
  ]
}

/** Says where a step stands in its workflow file. */
export const placeOf = ({ workflow }: Run['started'], { at }: StepRecord['spec']): string =>
  `${printable(workflow.path)}:${at.line}:${at.column} ${at.pointer}`

/** Lists the commands of a step, each with the verb that it belongs to. */
export function commandLines({
  apply = [],
  undo = [],
}: {
  readonly apply?: readonly Command[]
  readonly undo?: readonly Command[]
}): readonly string[] {
  const commands = [...apply.map((it) => ['apply', it] as const), ...undo.map((it) => ['undo ', it] as const)]
  return commands.map(([verb, command]) => `      ${verb}  ${printable(show(command))}`)
}

function commandsOf({ steps }: Run, id: string): string {
  return (steps.get(id)?.apply ?? []).map(show).join('; ')
}

function detailOf(outputs: { readonly [name: string]: unknown }, otherwise: string): string {
  return typeof outputs['summary'] === 'string' ? outputs['summary'] : otherwise
}
