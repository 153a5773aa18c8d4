import { createInterface } from 'node:readline/promises'
import { NsnetError } from '../../core/errors.ts'
import type { RunEvent } from '../../core/events.ts'
import { replay, type Moment } from '../../core/machine.ts'
import { nearest } from '../../core/near.ts'
import type { Summary } from '../../journal/index.ts'
import type { Store } from '../../journal/store.ts'
import { registryOfRun } from '../plugins.ts'
import { expectPrivilege } from '../privilege.ts'
import { continueRun, storeFor } from '../session.ts'
import type { Terminal } from '../terminal.ts'

export interface UndoOptions {
  /** Undo only what came after this step; it stays. */
  readonly to?: string
  /** Do not ask. */
  readonly yes: boolean
  /** Take back also what others have changed since. */
  readonly force: boolean
  readonly wait: boolean
}

/** `nsnet undo [RUN]`: takes a run back, the last step first; without a name, the latest that has something to undo. */
export async function undo(terminal: Terminal, name: string | undefined, options: UndoOptions): Promise<number> {
  const store = await storeFor(terminal.options)
  const { id } = name === undefined ? latestOwning(await store.list()) : await store.find(name)
  expectPrivilege()
  const registry = await registryOfRun(store, id)
  if (!(await agreed(terminal, store, id, options))) return 0
  return await continueRun({ terminal, store, registry, ...options }, id, (moment) =>
    undoing(terminal, moment, options),
  )
}

function undoing(terminal: Terminal, { run, status }: Moment, { to }: UndoOptions): RunEvent | undefined {
  const ids = [...run.steps.keys()]
  if (to !== undefined && !ids.includes(to)) {
    const near = nearest(to, ids)
    const hint = near === undefined ? `its steps are ${ids.join(', ')}` : `did you mean "${near}"?`
    throw new NsnetError('USAGE', `expected --to with a step of the run, got "${to}"`, hint)
  }
  if (status === 'undone') return undefined
  terminal.tell(`undoing run ${terminal.paint('bold', run.started.run)}${to === undefined ? '' : ` back to ${to}`}`)
  return { type: 'UndoStarted', ...(to === undefined ? {} : { until: to }) }
}

/** Asks a person at a terminal; a program that calls nsnet has decided already. */
async function agreed(terminal: Terminal, store: Store, id: string, { yes }: UndoOptions): Promise<boolean> {
  if (yes || terminal.options.json || !process.stdin.isTTY || !process.stderr.isTTY) return true
  const { run } = replay((await store.read(id)).entries.map(({ event }) => event))
  const ours = [...run.steps.values()].filter(({ open }) => open).length
  const ask = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await ask.question(`undo ${ours} steps of run ${id} (${run.started.workflow.name})? [y/N] `)
  ask.close()
  return /^y(es)?$/i.test(answer.trim())
}

function latestOwning(runs: readonly Summary[]): Summary {
  const run = runs.find(({ ours }) => ours > 0) ?? runs.find(({ status }) => status !== 'broken journal')
  if (run) return run
  throw new NsnetError('RUN_NOT_FOUND', 'expected a run to undo, found none', 'nsnet list shows all runs')
}
