import { NsnetError } from '../../core/errors.ts'
import { goOnWith } from '../../library/going-on.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import type { Summary } from '../../journal/index.ts'
import { codeOf } from '../ending.ts'
import { givenBy, type InputOptions } from '../given.ts'
import { expectReadable } from '../latest.ts'
import { sessionAt, storeFor } from '../session.ts'
import { targetOf, type TraceOption } from '../telemetry/target.ts'
import { traced } from '../telemetry/traced.ts'
import type { Terminal } from '../terminal.ts'

export interface ResumeOptions extends Pick<InputOptions, 'setFile'> {
  readonly wait: boolean
  readonly trace?: TraceOption
}

/** `nsnet resume [RUN]`: goes on with a run that stopped; without a name, the latest one that can go on. */
export async function resume(
  terminal: Terminal,
  name: string | undefined,
  { wait, trace, ...inputs }: ResumeOptions,
): Promise<number> {
  const target = targetOf(trace, process.env)
  const store = await storeFor(terminal.options)
  const { id } = name === undefined ? latestStopped(await store.list()) : await store.find(name)
  expectPrivilege()
  const given = await givenBy(inputs)
  return await traced(target, store, async (ended) => {
    const { ending } = await goOnWith({ ...sessionAt(terminal, store, { wait, ended }), given }, id)
    return codeOf(ending)
  })
}

function latestStopped(runs: readonly Summary[]): Summary {
  expectReadable(runs)
  const run = runs.find(({ status }) => !['completed', 'undone'].includes(status))
  if (run) return run
  throw new NsnetError('RUN_NOT_FOUND', 'expected a run that stopped, found none', 'nsnet list shows all runs')
}
