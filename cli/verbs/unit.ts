import { here } from '../../library/place.ts'
import type { Moment } from '../../core/moment.ts'
import { liveRunsOf, runsOf } from '../boot/runs.ts'
import { bootOf } from '../../library/facts.ts'
import type { InputOptions } from '../given.ts'
import { expectReadable } from '../latest.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { beginRun, momentOf } from '../../library/session.ts'
import { codeOf } from '../ending.ts'
import { sessionAt, storeFor } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { readWorkflow } from '../workflow-file.ts'
import { resume } from './resume.ts'
import { undo } from './undo.ts'

/**
 * `nsnet unit-start NAME FILE`, which the unit `nsnet-NAME.service` calls: sets up a workflow, as it is now.
 *
 * The latest run that this unit began is gone on with, when it did not come to its end and is of the same work; when it
 * holds, nothing is done; when it is of this boot and of other work (the file was edited), it is taken back first. What a
 * reboot took along is set up by a run of its own.
 */
export async function unitStart(terminal: Terminal, unit: string, path: string, inputs: InputOptions): Promise<number> {
  const ready = await readWorkflow(path, inputs, here)
  expectPrivilege()
  const store = await storeFor(terminal.options)
  const [latest] = await runsOf(store, unit)
  const last = latest && (await momentOf(store, latest.id))
  const started = { ...ready.started, unit }
  if (latest && last && store.isSameWork(last.run.started, started)) {
    if (goesOn(last)) return await resume(terminal, latest.id, { wait: true })
    if (last.status === 'completed' && isOfThisBoot(last)) {
      terminal.out(`run ${latest.id} of this unit holds already`)
      return 0
    }
  }
  const code = await takeBackAll(terminal, unit)
  if (code === 1 || code >= 128) return code
  const { ending } = await beginRun({ ...ready, ...sessionAt(terminal, store, { wait: true }) }, started)
  return codeOf(ending)
}

/** `nsnet unit-stop NAME`: takes back what this unit set up, and what no other run did. */
export async function unitStop(terminal: Terminal, unit: string): Promise<number> {
  expectPrivilege()
  const store = await storeFor(terminal.options)
  if ((await liveRunsOf(store, unit)).length > 0) return await takeBackAll(terminal, unit)
  expectReadable(await store.list())
  terminal.out('nothing of this unit is there to take back')
  return 0
}

const goesOn = ({ status }: Moment): boolean => status !== 'completed' && status !== 'undone'

const isOfThisBoot = ({ run }: Moment): boolean => run.started.facts.boot === bootOf()

async function takeBackAll(terminal: Terminal, unit: string): Promise<number> {
  const store = await storeFor(terminal.options)
  const how = { yes: true, force: false, cascade: false, wait: true }
  let worst = 0
  for (const { id } of await liveRunsOf(store, unit)) {
    const code = await undo(terminal, id, how)
    if (code === 1 || code >= 128) return code
    worst = Math.max(worst, code)
  }
  return worst
}
