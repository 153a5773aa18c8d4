import type { Command } from '../../core/command.ts'
import { NsnetError } from '../../core/errors.ts'
import type { RunStarted, StepSpec } from '../../core/events.ts'
import { printable } from '../../core/quote.ts'
import { secretsIn } from '../../core/secret.ts'
import { probesOf, type Context, type Step } from '../../core/step.ts'

/** What a script says, before it is written in the language of a shell. */
export interface Script {
  readonly started: RunStarted
  /** The words behind `nsnet export` that make this script, and with `--undo` the one of its way back. */
  readonly asked: readonly string[]
  /** A script of a run can be made at any time, one of a file only before it has run. */
  readonly of: 'file' | 'run'
  readonly undo: boolean
  /** In the order in which they are done. */
  readonly parts: readonly Part[]
}

/** What a script does with one step. */
export interface Part {
  readonly spec: StepSpec
  readonly commands: readonly Command[]
  /** Why there are no commands. */
  readonly note?: string
  /** The commands only look: each is tried until it ends with 0, or for so long. */
  readonly patience?: { readonly forMs: number; readonly everyMs: number }
  /** Where the handle is found that HANDLE stands for in the commands. */
  readonly handle?: { readonly comment: string; readonly list: Command }
}

/** The part of a step for which nothing is done. */
export const noteOf = (spec: StepSpec, note: string): Part => ({ spec, commands: [], note })

/** The part of a step that only looks. @throws NOT_EXPORTABLE when a shell cannot tell whether it holds */
export function checkOf(spec: StepSpec, step: Step, input: unknown, context: Context): Part {
  if (step.exitCodeTells !== true) {
    const message = `expected steps that a shell can check, but whether "${spec.id}" holds only the step type "${spec.uses}" can tell`
    throw new NsnetError('NOT_EXPORTABLE', message, 'leave that step out of the workflow that you export')
  }
  const patience = step.patience?.(input) ?? { forMs: 0, everyMs: 0 }
  return { spec, commands: probesOf(step, input, context), patience }
}

/** The part that takes a step back. */
export function backOf(
  spec: StepSpec,
  commands: readonly Command[],
  step: Step | undefined,
  input: unknown,
  context: Context,
): Part {
  const comment = step?.commentOfHandle?.(input, context)
  if (step === undefined || comment === undefined) return { spec, commands }
  return { spec, commands, handle: { comment, list: probesOf(step, input, context)[0]! } }
}

/** Refuses to write down the secrets of a run; `hidden` are its steps, with markers in their place. @throws NOT_EXPORTABLE */
export function expectNoSecrets({ secrets = {} }: RunStarted, hidden: unknown, advice: string): void {
  const names = secretsIn(hidden).filter((name) => Object.hasOwn(secrets, name))
  if (names.length === 0) return
  const listed = names.map((name) => `"${name}"`).join(', ')
  const message = `expected steps without secrets, got the secret input ${listed}: the script would hold it`
  throw new NsnetError('NOT_EXPORTABLE', message, advice)
}

/** Refuses a command that would not come out of a terminal, or a copy by hand, as it is. @throws NOT_EXPORTABLE */
export function expectPlain({ argv, stdin = '' }: Command, { id }: StepSpec): void {
  const text = [...argv, stdin].find((it) => printable(it) !== it)
  if (text === undefined) return
  const message = `expected commands without control characters, but step "${id}" has some: ${printable(text)}`
  throw new NsnetError('NOT_EXPORTABLE', message, 'a script cannot hold them safely; let nsnet run the workflow')
}
