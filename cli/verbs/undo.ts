import { counted } from '../../core/counted.ts'
import { printable } from '../../core/quote.ts'
import { stepOf } from '../../core/run.ts'
import { expectRight, secretsFor } from '../../library/run-secrets.ts'
import { givenBy, type InputOptions } from '../given.ts'
import { runFor } from '../latest.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { momentOf } from '../../library/session.ts'
import { codeOf } from '../ending.ts'
import { sessionAt, storeFor } from '../session.ts'
import { rehearse, type Rehearsing } from '../rehearsal.ts'
import { stepsAfter, type Extent } from '../../library/extent.ts'
import { takeBack } from '../../library/taking-back.ts'
import { targetOf, type TraceOption } from '../telemetry/target.ts'
import { traced } from '../telemetry/traced.ts'
import type { Terminal } from '../terminal.ts'

export interface UndoOptions extends Extent, Pick<InputOptions, 'setFile'> {
  /** Do not ask. */
  readonly yes: boolean
  /** Take back also what others have changed since. */
  readonly force: boolean
  readonly wait: boolean
  /** Say what would be done, and do nothing. */
  readonly dryRun?: boolean
  readonly trace?: TraceOption
}

/** `nsnet undo [RUN]`: takes a run back, the last step first; without a name, the latest that has something to undo. */
export async function undo(terminal: Terminal, name: string | undefined, options: UndoOptions): Promise<number> {
  const target = targetOf(options.trace, process.env)
  const store = await storeFor(terminal.options)
  const { id } = await runFor(store, name, 'undo')
  expectPrivilege()
  const given = await givenBy(options)
  const begun = await store.started(id)
  expectRight(begun, secretsFor(begun, given))
  const rehearsing = { terminal, store, given }
  if (options.dryRun === true) return await rehearse(rehearsing, id, options)
  if (!(await agreed(rehearsing, id, options))) {
    terminal.tell('nothing is undone')
    return 0
  }
  return await traced(target, store, async (ended) => {
    const { wait, force } = options
    return codeOf(await takeBack({ ...sessionAt(terminal, store, { wait, force, ended }), given }, id, options))
  })
}

/** Asks a person at a terminal; a program that calls nsnet has decided already. */
async function agreed({ terminal, store }: Rehearsing, id: string, { yes, to }: UndoOptions): Promise<boolean> {
  if (yes || terminal.options.json || !process.stdin.isTTY || !process.stderr.isTTY) return true
  const { run } = await momentOf(store, id)
  const { workflow } = run.started
  const ours = stepsAfter(run.steps.keys(), to).filter((step) => stepOf(run, step).open).length
  if (ours === 0) return true
  const which = to === undefined ? '' : ` that came after ${printable(to)}`
  const { confirmed } = await import('../confirmed.ts')
  return await confirmed(`undo ${counted(ours, 'step')} of run ${id} (${printable(workflow.name)})${which}?`)
}
