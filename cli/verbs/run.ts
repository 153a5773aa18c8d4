import { here } from '../../library/place.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { againInSandbox } from '../sandbox/again.ts'
import { beginRun } from '../../library/session.ts'
import { takeBack } from '../../library/taking-back.ts'
import { codeOf } from '../ending.ts'
import { sessionAt, storeFor } from '../session.ts'
import { targetOf, type TraceOption } from '../telemetry/target.ts'
import { traced } from '../telemetry/traced.ts'
import type { Terminal } from '../terminal.ts'
import type { InputOptions } from '../given.ts'
import { readWorkflow } from '../workflow-file.ts'

export interface RunOptions extends InputOptions {
  /** What becomes of the steps that hold when one fails. */
  readonly onFailure: 'stop' | 'undo'
  /** Run in a little world that is gone afterwards. */
  readonly sandbox: boolean
  /** Wait for another nsnet that does the same, instead of refusing. */
  readonly wait: boolean
  /** Id of the run, such as `plan` gave it; a new one when it is absent. */
  readonly id?: string
  readonly trace?: TraceOption
}

/** `nsnet run FILE`: does what a workflow says, and journals it. */
export async function run(terminal: Terminal, path: string, options: RunOptions): Promise<number> {
  if (options.sandbox) return await againInSandbox()
  const target = targetOf(options.trace, process.env)
  const { started, registry, secrets, given } = await readWorkflow(path, { ...options, now: true }, here)
  expectPrivilege()
  const store = await storeFor(terminal.options)
  const rollBack = options.onFailure === 'undo'
  return await traced(target, store, async (ended) => {
    const session = sessionAt(terminal, store, { wait: options.wait, advise: !rollBack, ended })
    const { ending } = await beginRun({ ...session, registry, secrets }, started)
    if (!rollBack || ending.how !== 'failed') return codeOf(ending)
    const undone = await takeBack({ ...session, given }, started.run, { cascade: false })
    return codeOf(undone.how === 'stopped' ? undone : ending)
  })
}
