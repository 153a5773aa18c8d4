import { here } from '../../library/place.ts'
import { planAhead, type Ahead } from '../../core/effects/plan-ahead.ts'
import { NsnetError } from '../../core/errors.ts'
import type { RunStarted, StepSpec } from '../../core/events.ts'
import { processExec } from '../../core/exec.ts'
import { quote } from '../../core/quote.ts'
import type { Context, Step } from '../../core/step.ts'
import type { InputOptions } from '../given.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { readWorkflow } from '../workflow-file.ts'
import { backOf, checkOf, expectNoSecrets, noteOf, type Part, type Script } from './script.ts'

/** How a file is exported. */
export interface FileOptions extends InputOptions {
  /** Id of the run whose marks the script puts on what it makes. */
  readonly id?: string
  readonly undo?: boolean
}

/** What a way back says of a step that needed nothing. */
export const HELD = 'held already before, so it stays'

/**
 * Plans a workflow file on the kernel as it is now, and makes a script of the plan or of its way back.
 *
 * @throws NOT_EXPORTABLE on a conflict, a step that can be planned only when others have run, or a secret; NEEDS_PRIVILEGE
 */
export async function scriptOfFile(file: string, options: FileOptions): Promise<Script> {
  expectPrivilege(`try it without any risk: nsnet sandbox -- nsnet export ${quote(file)}, or run it with sudo`)
  const exec = processExec()
  const { started, registry, secrets } = await readWorkflow(file, options, here)
  const all = await planAhead({ exec, secrets, stepOf: registry.stepOf }, started)
  expectNoSecrets(started, [started.steps, secrets.hide(all)], `let nsnet do it: nsnet run ${quote(file)}`)
  expectNoConflict(all, file)
  expectKnown(all, file)
  const undo = options.undo === true
  const parts = all.map((ahead, at) => partOf(started, ahead, started.steps[at]!, registry.stepOf(ahead.uses)!, undo))
  const asked = [file, '--id', started.run, ...inputWords(options)]
  return { started, asked, of: 'file', undo, parts: undo ? parts.toReversed() : parts }
}

function partOf(started: RunStarted, ahead: Ahead, spec: StepSpec, step: Step, undo: boolean): Part {
  const { outcome, input, apply } = ahead
  const context: Context = { run: started.run, step: spec.id, facts: started.facts }
  if (outcome === 'satisfied') return noteOf(spec, undo ? HELD : 'holds already: nothing to do')
  if (outcome === 'check') return undo ? noteOf(spec, 'only looks') : checkOf(spec, step, input, context)
  return undo ? backOf(spec, ahead.undo, step, input, context) : { spec, commands: apply }
}

function expectNoConflict(all: readonly Ahead[], file: string): void {
  const conflict = all.find(({ outcome }) => outcome === 'conflict')
  if (!conflict) return
  const message = `expected that every step can be done, but "${conflict.step}" would fail: ${conflict.reason}`
  throw new NsnetError('NOT_EXPORTABLE', message, conflict.hint ?? `see all of it: nsnet plan ${quote(file)}`)
}

function expectKnown(all: readonly Ahead[], file: string): void {
  const unknown = all.filter(({ outcome }) => outcome === 'later')
  if (unknown.length === 0) return
  const named = unknown.map(({ step, reason }) => `"${step}" (${reason})`).join(', ')
  const message = `expected that all commands are known before the first one runs, but not those of ${named}`
  throw new NsnetError(
    'NOT_EXPORTABLE',
    message,
    `run it, and export the run: nsnet run ${quote(file)}, nsnet export last`,
  )
}

const inputWords = ({ set = [], setFile }: InputOptions): readonly string[] => [
  ...set.flatMap((assignment) => ['--set', assignment]),
  ...(setFile === undefined ? [] : ['--set-file', setFile]),
]
