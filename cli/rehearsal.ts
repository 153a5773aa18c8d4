import { here } from '../library/place.ts'
import type { Claim } from '../core/claims.ts'
import { counted } from '../core/counted.ts'
import { undoAhead, type UndoAhead } from '../core/effects/undo-ahead.ts'
import { processExec } from '../core/exec.ts'
import type { Given } from '../core/given.ts'
import type { Run } from '../core/run.ts'
import type { Store } from '../journal/store.ts'
import { bootOf, expectSameNetns } from '../library/facts.ts'
import { secretsFor } from '../library/run-secrets.ts'
import { registryOfRun } from '../library/plugins.ts'
import { toType } from './advice.ts'
import { commandsIn } from './brief.ts'
import { commandLines } from './render.ts'
import { BY_JOURNAL, tellOfLacking } from './lacking.ts'
import { fitted, markedStart, marks } from './step-line.ts'
import { momentOf } from '../library/session.ts'
import { goingFirst, type Extent } from '../library/extent.ts'
import { asJson, type Terminal } from './terminal.ts'

/** What an undo would do with one run. */
interface Rehearsal {
  readonly run: Run
  readonly steps: readonly UndoAhead[]
}

/** What saying what an undo would do needs. */
export interface Rehearsing {
  readonly terminal: Terminal
  readonly store: Store
  readonly given: Given
}

/** How an undo is asked for. */
type Asked = Extent & { readonly force: boolean }

/**
 * Says what an undo would do with each step, the last first, and changes nothing. What it could not take back gives exit
 * code 1, what it would keep because others have changed it 2.
 *
 * @throws IN_USE as the undo would; OTHER_NETNS
 */
export async function rehearse(session: Rehearsing, id: string, asked: Asked): Promise<number> {
  const { terminal } = session
  const all = await rehearsals(session, id, asked, asked.force, new Set())
  const runs = all.map(({ run, steps }) => ({ run: run.started.run, steps }))
  if (terminal.options.json) terminal.out(asJson({ runs }))
  else {
    for (const rehearsal of all) for (const line of linesOf(terminal, rehearsal)) terminal.out(line)
    if (runs.some(({ steps }) => countOurs(steps) > 0)) terminal.out(`  do it: ${howToUndo(terminal, id, asked)}`)
  }
  const ahead = runs.flatMap(({ steps }) => steps)
  if (ahead.some(({ outcome }) => outcome === 'undo failed')) return 1
  return ahead.some((step) => step.outcome === 'kept' && !step.neededBy) ? 2 : 0
}

/** Rehearses the runs that have to be undone first, and then this one as if they were gone. */
async function rehearsals(
  session: Rehearsing,
  id: string,
  extent: Extent,
  force: boolean,
  gone: Set<string>,
): Promise<readonly Rehearsal[]> {
  const { store, given } = session
  const moment = await momentOf(store, id)
  const { started } = moment.run
  expectSameNetns(started, here.netns())
  const claims = await store.claims(started)
  const left = (): readonly Claim[] => claims.filter((claim) => !gone.has(claim.started.run))
  const registry = await registryOfRun(started, [])
  const first: Rehearsal[] = []
  for (const other of await goingFirst(store, moment.run, extent, left(), registry))
    first.push(...(await rehearsals(session, other.run, { cascade: true }, force, gone)))
  tellOfLacking(session.terminal, registry, BY_JOURNAL)
  const { stepOf } = registry
  const { secrets } = secretsFor(started, given)
  const ports = { exec: processExec({ holds: secrets.holds }), secrets, stepOf, others: left(), force, boot: bootOf() }
  const steps = secrets.hide(await undoAhead(ports, moment, extent.to))
  gone.add(started.run)
  return [...first, { run: moment.run, steps }]
}

function linesOf(terminal: Terminal, { run, steps }: Rehearsal): readonly string[] {
  return [
    `undo of run ${terminal.paint('bold', run.started.run)}; nothing is changed`,
    ...steps.flatMap((ahead) => aheadLines(terminal, run, ahead)),
    `${terminal.paint('bold', 'would undo')} ${countOurs(steps)} of ${counted(steps.length, 'step')}`,
  ]
}

const countOurs = (steps: readonly UndoAhead[]): number => steps.filter(({ outcome }) => outcome === 'undo').length

function howToUndo({ options }: Terminal, run: string, { to, cascade, force }: Asked): string {
  const how = [
    ...(to === undefined ? [] : ['--to', to]),
    ...(cascade ? ['--cascade'] : []),
    ...(force ? ['--force'] : []),
  ]
  return toType(options, 'undo', run, ...how)
}

function aheadLines(terminal: Terminal, { started }: Run, ahead: UndoAhead): readonly string[] {
  const { step, outcome } = ahead
  const start = markedStart(terminal, marks[outcome === 'undo' ? 'undone' : outcome], outcome.padEnd(11), started, step)
  if (outcome !== 'undo') return fitted(terminal, start, ahead.reason ?? '', true)
  const line = fitted(terminal, start, commandsIn(terminal, ahead.commands), false)
  return [...line, ...(terminal.options.verbose ? commandLines(terminal, { undo: ahead.commands }) : [])]
}
