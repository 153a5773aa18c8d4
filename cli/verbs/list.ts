import type { Summary } from '../../journal/index.ts'
import type { Store } from '../../journal/store.ts'
import { storeFor } from '../session.ts'
import { stateOf } from '../state.ts'
import { asJson, table, type Terminal } from '../terminal.ts'

/** `nsnet list`: all runs, the latest first. */
export async function list(terminal: Terminal): Promise<number> {
  const store = await storeFor(terminal.options)
  const runs = await Promise.all((await store.list()).map((run) => withState(store, run)))
  if (terminal.options.json) terminal.out(asJson(runs))
  else if (runs.length === 0) terminal.out('no runs yet; begin with: nsnet run workflows/internet.json --sandbox')
  else for (const line of table([header, ...runs.map(row)])) terminal.out(line)
  return 0
}

const header = ['RUN', 'WORKFLOW', 'STATE', 'STEPS', 'STARTED', 'FILE']

const row = ({ id, workflow, state, steps, holding, startedAt, path }: Summary & { readonly state: string }) => [
  id,
  workflow,
  state,
  `${holding}/${steps}`,
  startedAt.slice(0, 19).replace('T', ' '),
  path,
]

async function withState(store: Store, run: Summary): Promise<Summary & { readonly state: string }> {
  return { ...run, state: await stateOf(store, run) }
}
