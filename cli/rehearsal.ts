import { dependantsOf } from '../core/claims.ts'
import { undoAhead, type UndoAhead } from '../core/effects/undo-ahead.ts'
import type { RunStarted } from '../core/events.ts'
import { processExec } from '../core/exec.ts'
import type { Run } from '../core/run.ts'
import { bootOf, expectSameNetns } from './facts.ts'
import { secretsFor } from './given.ts'
import { registryOfRun } from './plugins.ts'
import { commandsIn } from './brief.ts'
import { commandLines } from './render.ts'
import { fitted, idWidth } from './step-line.ts'
import { momentOf } from './session.ts'
import { inUse, stepsAfter, type Extent, type UndoSession } from './taking-back.ts'
import { asJson, type Paint, type Terminal } from './terminal.ts'
import { padTo } from './text.ts'

/**
 * Says what an undo would do with each step, the last first, and changes nothing. What it would keep gives exit code 2.
 *
 * @throws IN_USE as the undo would; OTHER_NETNS
 */
export async function rehearse(session: UndoSession, started: RunStarted, extent: Extent): Promise<number> {
  expectSameNetns(started)
  const { terminal, store, given, force = false } = session
  const moment = await momentOf(store, started.run)
  const later = stepsAfter(moment.run.steps.keys(), extent.to)
  const others = await store.claims(started)
  const dependants = dependantsOf(moment.run, later, others)
  if (dependants.length > 0 && !extent.cascade) throw inUse(started, dependants)
  const codes: number[] = []
  for (const other of dependants) codes.push(await rehearse(session, other, { cascade: true }))
  const { stepOf } = await registryOfRun(store, started.run)
  const { secrets } = secretsFor(started, given)
  const ports = { exec: processExec({ holds: secrets.holds }), secrets, stepOf, others, force, boot: bootOf() }
  const all = secrets.hide(await undoAhead(ports, moment, extent.to))
  if (terminal.options.json) terminal.out(asJson({ run: started.run, steps: all }))
  else for (const line of linesOf(terminal, moment.run, all, extent)) terminal.out(line)
  return Math.max(...codes, all.some(({ outcome }) => outcome === 'kept') ? 2 : 0)
}

function linesOf(terminal: Terminal, run: Run, all: readonly UndoAhead[], { to }: Extent): readonly string[] {
  const ours = all.filter(({ outcome }) => outcome === 'undo').length
  return [
    `undo of run ${terminal.paint('bold', run.started.run)}; nothing is changed`,
    ...all.flatMap((ahead) => aheadLines(terminal, run, ahead)),
    `${terminal.paint('bold', 'would undo')} ${ours} of ${all.length} steps`,
    ...(ours > 0 ? [`  do it: nsnet undo ${run.started.run}${to === undefined ? '' : ` --to ${to}`}`] : []),
  ]
}

function aheadLines(terminal: Terminal, { started }: Run, ahead: UndoAhead): readonly string[] {
  const { step, outcome } = ahead
  const [mark, color] = marks[outcome]
  const start = `  ${terminal.paint(color, `${mark} ${outcome.padEnd(11)}`)} ${padTo(step, idWidth(started))}`
  if (outcome !== 'undo') return fitted(terminal, start, ahead.reason ?? '', true)
  const line = fitted(terminal, start, commandsIn(terminal, ahead.commands), false)
  return [...line, ...(terminal.options.verbose ? commandLines(terminal, { undo: ahead.commands }) : [])]
}

const marks: { readonly [outcome in UndoAhead['outcome']]: readonly [string, Paint] } = {
  undo: ['↶', 'green'],
  undone: ['↶', 'green'],
  gone: ['=', 'dim'],
  'not ours': ['=', 'dim'],
  kept: ['=', 'yellow'],
  'undo failed': ['✗', 'red'],
}
