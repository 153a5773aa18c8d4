import type { Finding } from '../../core/effects/finding.ts'
import { NsnetError } from '../../core/errors.ts'
import type { RunStarted } from '../../core/events.ts'
import type { Given } from '../../core/given.ts'
import type { Run } from '../../core/run.ts'
import { toType } from '../advice.ts'
import { bootOf } from '../../library/facts.ts'
import { anewOf } from '../../library/going-on.ts'
import { expectAll, expectRight } from '../../library/run-secrets.ts'
import { givenBy, type InputOptions } from '../given.ts'
import { runFor } from '../latest.ts'
import { workOn, type OpenedRun } from '../../library/opened-run.ts'
import type { Turn } from '../../library/turn.ts'
import { findingLines } from '../plan/finding-lines.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import { continueRun } from '../../library/session.ts'
import { codeOf } from '../ending.ts'
import { nextSteps } from '../render.ts'
import { sessionAt, storeFor } from '../session.ts'
import { targetOf, type TraceOption } from '../telemetry/target.ts'
import { traced, type Ended } from '../telemetry/traced.ts'
import { tellOfLacking } from '../lacking.ts'
import type { Terminal } from '../terminal.ts'
import { exitOf, isLeft, lookAt, toRepair, type Looked } from '../verifying.ts'

export interface RepairOptions extends Pick<InputOptions, 'setFile'> {
  readonly wait: boolean
  readonly trace?: TraceOption
}

/** How often a step is applied that drifts again: applying one step may disturb another (a link that goes down). */
const ROUNDS = 3

/**
 * `nsnet repair [RUN]`: applies again what drifted, in the workflow's order; an undo still leads back to what was before the
 * run. What it cannot put right gives exit code 2.
 */
export async function repair(terminal: Terminal, name: string | undefined, options: RepairOptions): Promise<number> {
  const target = targetOf(options.trace, process.env)
  const store = await storeFor(terminal.options)
  const { id } = await runFor(store, name, 'repair')
  expectPrivilege()
  const given = await givenBy(options)
  const { wait } = options
  const work = (ended: Ended) =>
    workOn(
      { ...sessionAt(terminal, store, { wait, advise: false, ended }), given },
      id,
      'shared',
      async (opened, turn) => {
        const { session, known } = opened
        const { started } = opened.moment.run
        expectRight(started, known)
        expectAll(started, known, 'repair')
        tellOfLacking(terminal, session.registry, 'its steps cannot be looked at')
        return await untilItHolds(terminal, opened, turn, given)
      },
    )
  return await traced(target, store, work)
}

/** Looks and repairs, until all of it holds, or a step has been applied often enough; gives the exit code. */
async function untilItHolds(terminal: Terminal, opened: OpenedRun, turn: Turn, given: Given): Promise<number> {
  const { session } = opened
  let { moment } = opened
  const times = new Map<string, number>()
  for (let round = 1; ; round++) {
    const looked = await lookAt(moment, session.registry, given)
    expectRepairable(looked)
    const steps = toRepair(looked.findings).map(({ step }) => step)
    const isEnough = steps.some((step) => (times.get(step) ?? 0) >= ROUNDS)
    if (steps.length === 0 || isEnough) return concluded(terminal, looked, round)
    for (const step of steps) times.set(step, (times.get(step) ?? 0) + 1)
    terminal.tell(`repairing ${steps.join(', ')} of run ${terminal.paint('bold', moment.run.started.run)}`)
    const stopped = await continueRun(session, turn, { ...opened, moment }, { type: 'RepairStarted', steps }, [])
    if (stopped.ending.how !== 'well') {
      advise(terminal, nextSteps(stopped.moment, terminal.options))
      return codeOf(stopped.ending)
    }
    moment = stopped.moment
  }
}

/** Tells what became of it: of what is left, also why. */
function concluded(terminal: Terminal, looked: Looked, round: number): number {
  const { run, findings } = looked
  const { run: id } = run.started
  const left = findings.filter(({ verdict }) => verdict === 'drifted' || verdict === 'unknown')
  if (terminal.options.json) terminal.out(JSON.stringify({ run: id, left }))
  else if (left.length === 0) {
    const what = round === 1 ? 'nothing to repair' : 'all of it holds again'
    terminal.out(`${what}; take it back: ${toType(terminal.options, 'undo', id)}`)
  } else tellLeft(terminal, run, left)
  return exitOf(looked)
}

const reasons: readonly (readonly [why: string, is: (finding: Finding) => boolean])[] = [
  ['nsnet could not look at', ({ verdict }) => verdict === 'unknown'],
  [`drifts again after ${ROUNDS} repairs`, (it) => it.repairable && it.repair.length > 0],
  ["left, for it is others' by now, or the workflow does not say how it should be", isLeft],
  ['left, for it cannot hold before all of that does', (it) => it.repairable && it.repair.length === 0],
]

function tellLeft(terminal: Terminal, run: Run, left: readonly Finding[]): void {
  for (const [why, is] of reasons) {
    const those = left.filter(is)
    if (those.length > 0) terminal.out(`${why}:`)
    for (const finding of those) for (const line of findingLines(terminal, run, finding)) terminal.out(line)
  }
  const { run: id } = run.started
  const again = `put it as it was, then: ${toType(terminal.options, 'repair', id)}`
  advise(terminal, [again, `take the run back: ${toType(terminal.options, 'undo', id)}`])
}

function advise(terminal: Terminal, lines: readonly string[]): void {
  if (!terminal.options.json) for (const line of lines) terminal.out(`  ${line}`)
}

/** @throws RUN_UNDONE; USAGE when the run is not completed: what it lacks is applied by a resume */
function expectRepairable({ run, status }: Looked): void {
  const { run: id, facts }: RunStarted = run.started
  const message = (got: string): string => `expected a run that is completed, run ${id} ${got}`
  if (status === 'undone') throw new NsnetError('RUN_UNDONE', message('is undone'), anewOf(run.started))
  if (facts.boot !== bootOf())
    throw new NsnetError('USAGE', message('is of an earlier boot'), `set it up again: nsnet resume ${id}`)
  if (status !== 'completed')
    throw new NsnetError(
      'USAGE',
      message(`is ${status}`),
      `go on with it: nsnet resume ${id}; take it back: nsnet undo ${id}`,
    )
}
