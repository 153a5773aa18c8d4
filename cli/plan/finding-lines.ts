import { tell as tellDifference } from '../../core/difference.ts'
import type { Finding } from '../../core/effects/finding.ts'
import type { Run } from '../../core/run.ts'
import type { Change } from '../../core/step.ts'
import { commandLines } from '../render.ts'
import { fitted, markedStart } from '../step-line.ts'
import { row } from '../rows.ts'
import type { Paint, Terminal } from '../terminal.ts'

/** Writes what has become of a step: `expected → found`; with `-v` every difference, and what would repair it. */
export function findingLines(terminal: Terminal, { started }: Run, finding: Finding): readonly string[] {
  const { step, verdict, differences, repair } = finding
  const start = markedStart(terminal, marks[verdict], verdict.padEnd(9), started, step)
  const lines = fitted(terminal, start, detailOf(finding), true)
  if (!terminal.options.verbose) return lines
  const told = differences.map((difference) => row(terminal, 'differs', tellDifference(difference)))
  return [...lines, ...told, ...(repair.length > 0 ? commandLines(terminal, { apply: repair }) : [])]
}

/** Sums up a look: `14 hold, 1 drifted`. */
export function sumOf(findings: readonly Finding[]): string {
  const words = { holds: 'hold', drifted: 'drifted', missing: 'missing', unknown: 'unknown' }
  const counted = Object.entries(words).map(([verdict, word]) => {
    const count = findings.filter((it) => it.verdict === verdict).length
    return count === 0 ? '' : `${count} ${word}`
  })
  return counted.filter((text) => text !== '').join(', ') || 'no step of it held'
}

const marks: { readonly [verdict in Finding['verdict']]: readonly [string, Paint] } = {
  holds: ['=', 'green'],
  drifted: ['~', 'red'],
  missing: ['-', 'red'],
  unknown: ['?', 'yellow'],
}

/** Says what was expected of a step and what was found; of one that holds only what people have to know. */
export function detailOf({ verdict, reason, changes, repair }: Finding): string {
  if (verdict === 'holds') return reason ?? ''
  const told = changes.map(changeText)
  if (reason !== undefined) return [reason, ...told].join('; ')
  if (told.length > 0) return told.join(', ')
  return repair.length === 0 ? 'it is not there any more' : 'it is not there any more, or not whole'
}

const changeText = ({ what, from, to }: Change): string => `${what}: expected ${to}, found ${from ?? 'nothing'}`
