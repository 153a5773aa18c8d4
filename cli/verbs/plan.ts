import { here } from '../../library/place.ts'
import { planAhead, type Ahead } from '../../core/effects/plan-ahead.ts'
import type { RunStarted } from '../../core/events.ts'
import { processExec } from '../../core/exec.ts'
import { printable } from '../../core/quote.ts'
import { inputWords, toType } from '../advice.ts'
import { withLacks } from '../plan/lacks.ts'
import { aheadLines, sumOf } from '../plan/lines.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { againInSandbox } from '../sandbox/again.ts'
import { asJson, type Terminal } from '../terminal.ts'
import type { InputOptions } from '../given.ts'
import { readWorkflow } from '../workflow-file.ts'

export interface PlanOptions extends InputOptions {
  /** Give 2 when there is something to do, 0 when there is nothing. */
  readonly detailedExitcode?: boolean
  /** Plan in a little world that is gone afterwards. */
  readonly sandbox?: boolean
  /** Id of the run that is planned. */
  readonly id?: string
}

/** `nsnet plan FILE`: says what `run` would do, step by step, and changes nothing. What a run would stop at gives exit code 1. */
export async function plan(terminal: Terminal, file: string, options: PlanOptions): Promise<number> {
  if (options.sandbox === true) return await againInSandbox()
  expectPrivilege()
  const { started, registry, secrets } = await readWorkflow(file, { ...options, now: true }, here)
  const exec = processExec({ holds: secrets.holds })
  const ahead = await planAhead({ exec, secrets, stepOf: registry.stepOf }, started)
  const all = secrets.hide(await withLacks(exec, registry, started, ahead))
  if (terminal.options.json) terminal.out(asJson(documentOf(started, all)))
  else for (const line of linesOf(terminal, started, all, file, options)) terminal.out(line)
  if (stopOf(started, all)) return 1
  return options.detailedExitcode === true && hasChanges(all) ? 2 : 0
}

/** Finds the step at which a run would stop: something is in its way, and the run does not go on without it. */
const stopOf = ({ steps }: RunStarted, all: readonly Ahead[]): Ahead | undefined =>
  all.find(({ outcome }, at) => outcome === 'conflict' && steps[at]?.onFailure !== 'continue')

const hasChanges = (all: readonly Ahead[]): boolean =>
  all.some(({ outcome }) => outcome === 'make' || outcome === 'change')

function documentOf({ run, workflow, inputs }: RunStarted, steps: readonly Ahead[]): object {
  return { run, workflow: { name: workflow.name, path: workflow.path }, inputs, changes: hasChanges(steps), steps }
}

/** Writes the command that does what was planned. */
function howToRun({ options: globals }: Terminal, run: string, file: string, options: PlanOptions): string {
  const where = process.env['NSNET_SANDBOX_ONCE'] === '1' ? ['--sandbox'] : []
  return toType(globals, 'run', file, ...inputWords(options), ...where, '--id', run)
}

function linesOf(
  terminal: Terminal,
  started: RunStarted,
  all: readonly Ahead[],
  file: string,
  options: PlanOptions,
): readonly string[] {
  const { workflow, run } = started
  const conflict = stopOf(started, all)
  const next = conflict
    ? `the run would stop at ${conflict.step}`
    : `do exactly this: ${howToRun(terminal, run, file, options)}`
  return [
    `plan of ${printable(workflow.name)} as run ${terminal.paint('bold', run)}; nothing is changed`,
    ...all.flatMap((ahead, at) => aheadLines(terminal, started, ahead, started.steps[at]!)),
    `${terminal.paint('bold', 'plan')}: ${sumOf(all)}`,
    ...(hasChanges(all) || conflict ? [`  ${next}`] : ['  nothing to do']),
  ]
}
