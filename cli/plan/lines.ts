import type { Ahead } from '../../core/effects/plan-ahead.ts'
import type { Waits } from '../../core/effects/patience.ts'
import type { RunStarted, StepSpec } from '../../core/events.ts'
import type { Change } from '../../core/step.ts'
import { commandsIn } from '../brief.ts'
import { flowRows } from '../flow-rows.ts'
import { commandLines, placeOf } from '../render.ts'
import { fitted, markedStart } from '../step-line.ts'
import { row } from '../rows.ts'
import { duration, type Paint, type Terminal } from '../terminal.ts'

/** Writes what a step would do: mark, word, step and what changes; with `-v` each command and its way back. */
export function aheadLines(terminal: Terminal, started: RunStarted, ahead: Ahead, spec: StepSpec): readonly string[] {
  const start = markedStart(terminal, marks[ahead.outcome], ahead.outcome.padEnd(9), started, ahead.step)
  const lines = fitted(terminal, start, detailOf(terminal, ahead), ahead.reason !== undefined)
  const { verbose } = terminal.options
  return [
    ...lines,
    ...conflictLines(terminal, started, ahead, spec),
    ...(ahead.waits ? [row(terminal, 'waits', waitsText(ahead.waits))] : []),
    ...(verbose ? flowRows(terminal, spec) : []),
    ...(verbose && ahead.apply.length > 0 ? commandLines(terminal, ahead) : []),
  ]
}

/** Sums up a plan: `8 to make, 5 to change, 3 known later`. */
export function sumOf(all: readonly Ahead[]): string {
  const words = {
    make: 'to make',
    change: 'to change',
    satisfied: 'satisfied',
    check: 'to check',
    later: 'known later',
    skipped: 'skipped',
    conflict: 'in conflict',
  }
  const counted = Object.entries(words).map(([outcome, text]) => [
    all.filter((it) => it.outcome === outcome).length,
    text,
  ])
  return counted.flatMap(([count, text]) => (count === 0 ? [] : [`${count} ${text}`])).join(', ')
}

const marks: { readonly [outcome in Ahead['outcome']]: readonly [string, Paint] } = {
  make: ['+', 'green'],
  change: ['~', 'yellow'],
  satisfied: ['=', 'dim'],
  conflict: ['!', 'red'],
  later: ['?', 'dim'],
  skipped: ['-', 'dim'],
  check: ['?', 'dim'],
}

function detailOf(terminal: Terminal, { outcome, reason, apply, changes, probes = [] }: Ahead): string {
  if (outcome === 'check') return commandsIn(terminal, probes)
  if (outcome === 'satisfied') return 'holds already'
  if (reason !== undefined) return reason
  if (changes.length > 0) return changes.map(changeText).join(', ')
  return commandsIn(terminal, apply)
}

const waitsText = ({ tries, eachMs, inAllMs }: Waits): string =>
  `up to ${duration(inAllMs)} in all: ${tries} tries of up to ${duration(eachMs)}`

/** Writes a change: `eth0 mtu 1500 → 1400`; a value that there is none of yet has no arrow. */
const changeText = ({ what, from, to }: Change): string => (from === null ? `${what} ${to}` : `${what} ${from} → ${to}`)

function conflictLines(
  terminal: Terminal,
  started: RunStarted,
  { outcome, hint }: Ahead,
  spec: StepSpec,
): readonly string[] {
  if (outcome !== 'conflict') return []
  return [row(terminal, 'at', placeOf(started, spec)), ...(hint === undefined ? [] : [row(terminal, 'hint', hint)])]
}
