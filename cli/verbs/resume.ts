import { NsnetError } from '../../core/errors.ts'
import type { Moment } from '../../core/machine.ts'
import type { Summary } from '../../journal/index.ts'
import { registryOfRun } from '../plugins.ts'
import { expectPrivilege } from '../privilege.ts'
import { continueRun, storeFor } from '../session.ts'
import type { Terminal } from '../terminal.ts'

/** `nsnet resume [RUN]`: goes on with a run that stopped; without a name, the latest one that can go on. */
export async function resume(
  terminal: Terminal,
  name: string | undefined,
  { wait }: { readonly wait: boolean },
): Promise<number> {
  const store = await storeFor(terminal.options)
  const { id } = name === undefined ? latestStopped(await store.list()) : await store.find(name)
  expectPrivilege()
  const registry = await registryOfRun(store, id)
  return await continueRun({ terminal, store, registry, wait }, id, (moment) => resumed(terminal, id, moment))
}

function resumed(terminal: Terminal, id: string, { status }: Moment) {
  if (status === 'completed') return undefined
  if (status === 'undone') {
    throw new NsnetError(
      'RUN_UNDONE',
      `expected a run that stopped, run ${id} is undone`,
      'begin a new one: nsnet run FILE',
    )
  }
  terminal.tell(`going on with run ${terminal.paint('bold', id)}`)
  return { type: 'RunResumed' } as const
}

function latestStopped(runs: readonly Summary[]): Summary {
  const run = runs.find(({ status }) => !['completed', 'undone', 'broken journal'].includes(status))
  if (run) return run
  throw new NsnetError('RUN_NOT_FOUND', 'expected a run that stopped, found none', 'nsnet list shows all runs')
}
