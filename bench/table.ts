import type { LeftOut, Row, Section } from './figures.ts'
import type { Reach } from './reach.ts'

/** Writes the tables for people, on 80 columns. */
export function tablesOf(sections: readonly Section[], reach: readonly Reach[]): string {
  return [...sections.map(tableOf), reachTable(reach)].join('\n\n')
}

/** Columns of the names, and of the ratios. */
const [NAME, VERSUS] = [30, 19]

function tableOf({ title, versus, rows }: Section): string {
  const hasEach = rows.some((row) => 'each' in row)
  const head = [...cells(title, 'median', 'best'), hasEach ? 'each'.padStart(9) : '', versus.padStart(VERSUS)]
  const lines = rows.map((row) => ('leftOut' in row ? leftOutLine(row) : rowLine(row, hasEach)))
  return [head.join('').trimEnd(), ...lines].join('\n')
}

const cells = (name: string, median: string, best: string): readonly string[] => [
  name.padEnd(NAME),
  median.padStart(11),
  best.padStart(11),
]

function rowLine({ name, unit, median, best, each, ratio }: Row, hasEach: boolean): string {
  const last = [
    hasEach ? (each === undefined ? '' : digits(each)).padStart(9) : '',
    (ratio === undefined ? '' : digits(ratio)).padStart(VERSUS),
  ]
  return [...cells(`  ${name}`, `${digits(median)} ${short(unit)}`, digits(best)), ...last].join('').trimEnd()
}

const leftOutLine = ({ name, leftOut }: LeftOut): string => `  ${name.padEnd(NAME - 2)} left out: ${leftOut}`

const short = (unit: Row['unit']): string => (unit === 'events/s' ? '/s' : unit)

/** Three digits that count. */
const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))

function reachTable(reach: readonly Reach[]): string {
  const lines = reach.map(({ name, against, atMost, unit, measured, reached }) => {
    const verdict = reached === undefined ? '-' : reached ? 'yes' : 'no'
    const found = measured === undefined ? '-' : `${digits(measured)} ${unit}`
    return reachLine(`  ${name}: ${against}`, found, `${atMost} ${unit}`, verdict)
  })
  return [reachLine('reach', 'measured', 'at most', 'there'), ...lines].join('\n')
}

const reachLine = (name: string, found: string, atMost: string, verdict: string): string =>
  `${name.padEnd(54)}${found.padStart(9)}${atMost.padStart(9)}${verdict.padStart(8)}`
