import { show } from '../../core/command.ts'
import type { Failure, RunEvent, RunStarted, StepSpec } from '../../core/events.ts'
import type { Effect } from '../../core/machine.ts'
import type { Moment } from '../../core/moment.ts'
import { stepOf, type Run } from '../../core/run.ts'

/** What is said of a span, by name. Names outside of `nsnet.*` are those of the semantic conventions. */
export type Attributes = { readonly [name: string]: string | number | readonly string[] }

/** How a span ended. */
export interface End {
  readonly attributes: Attributes
  readonly error?: string
}

/**
 * Says which step a span is about, and what its commands are, as far as they are known at its end.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/cicd/cicd-spans/
 */
export function stepAttributes(
  { run: id, workflow }: RunStarted,
  run: Run,
  spec: StepSpec,
  effect: Effect,
): Attributes {
  const { apply = [], takingBack = [] } = stepOf(run, spec.id)
  const commands = effect.type === 'apply' ? apply : effect.type === 'takeBack' ? takingBack : []
  return {
    'cicd.pipeline.task.name': spec.id,
    'cicd.pipeline.task.run.id': `${id}/${spec.id}`,
    'code.file.path': workflow.path,
    'code.line.number': spec.at.line,
    'nsnet.step.type': spec.uses,
    ...(commands.length > 0 ? { 'nsnet.commands': commands.map(show) } : {}),
  }
}

/** Says how an effect on a step ended; undefined when nobody saw it end. */
export function stepEnd(event: RunEvent | undefined): End {
  const [outcome, result] = event === undefined ? unseen : outcomeOf(event)
  const failure = event && 'failure' in event ? event.failure : undefined
  return {
    attributes: {
      'nsnet.step.outcome': outcome,
      'cicd.pipeline.task.run.result': result,
      ...(failure ? failureAttributes(failure) : {}),
    },
    ...errorOf(event === undefined, failure),
  }
}

/** Says how a run, a resume or an undo ended, and by which event; undefined when nobody saw it end. */
export function phaseEnd(moment: Moment | undefined, event?: RunEvent): End {
  if (moment === undefined) return { attributes: { 'cicd.pipeline.result': 'error' }, ...errorOf(true, undefined) }
  const failures = [...moment.run.steps.values()].filter(({ status }) => status.endsWith('failed'))
  const failure = moment.status.endsWith('failed') ? failures.at(0)?.failure : undefined
  const result = failure ? 'failure' : event?.type === 'RunInterrupted' ? 'cancellation' : 'success'
  return {
    attributes: { 'cicd.pipeline.result': result, ...(failure ? { 'error.type': typeOf(failure) } : {}) },
    ...errorOf(false, failure),
  }
}

const unseen = ['unknown', 'error'] as const

function outcomeOf(event: RunEvent): readonly [outcome: string, result: string] {
  switch (event.type) {
    case 'StepPlanned':
    case 'UndoPlanned':
      return ['planned', 'success']
    case 'StepApplied':
      return ['applied', 'success']
    case 'StepSkipped':
      return ['skipped', 'skip']
    case 'StepRetried':
      return ['retried', 'failure']
    case 'StepSatisfied':
      return ['satisfied', 'skip']
    case 'StepUndone':
      return [event.how, event.how === 'undone' ? 'success' : 'skip']
    case 'StepKept':
      return ['kept', 'skip']
    case 'RunInterrupted':
      return ['interrupted', 'cancellation']
    default:
      return ['failed', 'failure']
  }
}

function failureAttributes(failure: Failure): Attributes {
  const { command, output } = failure
  return {
    'error.type': typeOf(failure),
    ...(command ? { 'process.command_args': command.argv } : {}),
    ...(output ? { 'process.exit.code': output.exitCode } : {}),
  }
}

const typeOf = ({ command, output }: Failure): string =>
  output?.timedOut ? 'timeout' : command ? 'command_failed' : 'conflict'

function errorOf(cut: boolean, failure: Failure | undefined): Pick<End, 'error'> {
  if (cut) return { error: 'nsnet was ended before it could journal what came of this' }
  return failure ? { error: failure.message } : {}
}
