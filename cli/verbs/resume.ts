import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { NsnetError } from '../../core/errors.ts'
import type { Claim } from '../../core/claims.ts'
import type { RunEvent, RunStarted } from '../../core/events.ts'
import { printable } from '../../core/quote.ts'
import { processExec } from '../../core/exec.ts'
import { isMidUndo, type Moment } from '../../core/machine.ts'
import type { Facts } from '../../core/step.ts'
import type { Summary } from '../../journal/index.ts'
import type { Store } from '../../journal/store.ts'
import { bootOf, expectSameNetns, readFacts } from '../../library/facts.ts'
import { toType } from '../advice.ts'
import { expectAll, expectRight, givenBy, type GivenSecrets, type InputOptions } from '../given.ts'
import { BY_JOURNAL, expectPlugins, tellOfLacking } from '../lacking.ts'
import { expectReadable } from '../latest.ts'
import { workOn } from '../opened-run.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { continueRun, storeFor } from '../session.ts'
import { targetOf, type TraceOption } from '../telemetry/target.ts'
import { traced, type Ended } from '../telemetry/traced.ts'
import type { Terminal } from '../terminal.ts'
import type { Turn } from '../../library/turn.ts'

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
  const work = (ended: Ended) =>
    workOn({ terminal, store, wait, given, ended }, id, 'shared', async (opened, turn) => {
      const { session, moment, known } = opened
      const { started } = moment.run
      expectSameNetns(started)
      expectRight(started, known)
      const facts = started.facts.boot === bootOf() ? undefined : await readFacts(processExec())
      if (isMidUndo(moment)) tellOfLacking(terminal, session.registry, BY_JOURNAL)
      else expectPlugins(terminal, moment.run, session.registry, facts !== undefined)
      const others = isMidUndo(moment) ? await claimsAlone(turn, store, started) : []
      const first = resumed(terminal, moment, known, facts)
      return (await continueRun(session, turn, opened, first, others)).code
    })
  return await traced(target, store, work)
}

/** What other runs claim, while nobody else is at work: what an undo needs that is to be finished first. */
async function claimsAlone(turn: Turn, store: Store, started: RunStarted): Promise<readonly Claim[]> {
  await turn.alone()
  return await store.claims(started)
}

/** The event that goes on with a run: after a reboot all of it, else what is left. */
function resumed(
  terminal: Terminal,
  { run, status }: Moment,
  given: GivenSecrets,
  facts: Facts | undefined,
): RunEvent | undefined {
  const id = run.started.run
  if (status === 'completed' && !facts) return undefined
  if (status === 'undone') {
    throw new NsnetError(
      'RUN_UNDONE',
      `expected a run that stopped, run ${id} is undone`,
      'begin a new one: nsnet run FILE',
    )
  }
  expectAll(run.started, given, 'resume')
  const why = facts ? ', which the machine lost when it was started anew' : ''
  terminal.tell(`going on with run ${terminal.paint('bold', id)}${why}`)
  tellOfChange(terminal, run.started)
  return { type: 'RunResumed', ...(facts ? { facts } : {}) }
}

/** A run goes on with the workflow as it was when it began; who has mended the file since has to begin anew. */
function tellOfChange(terminal: Terminal, { run, workflow }: RunStarted): void {
  if (!isChanged(workflow)) return
  const again = `${toType(terminal.options, 'undo', run)}, then ${toType(terminal.options, 'run', workflow.path)}`
  terminal.tell(
    `  ${printable(workflow.path)} was changed since; this goes on with what it was. For the new one: ${again}`,
  )
}

function isChanged({ path, hash }: RunStarted['workflow']): boolean {
  try {
    // a pipe is not there any more, and reading it would wait for ever
    if (!statSync(path).isFile()) return false
    return createHash('sha256').update(readFileSync(path, 'utf8')).digest('hex') !== hash
  } catch {
    return false
  }
}

function latestStopped(runs: readonly Summary[]): Summary {
  expectReadable(runs)
  const run = runs.find(({ status }) => !['completed', 'undone'].includes(status))
  if (run) return run
  throw new NsnetError('RUN_NOT_FOUND', 'expected a run that stopped, found none', 'nsnet list shows all runs')
}
