import type { Result } from './contest.ts'
import { median, type LeftOut, type Row, type Section, type Unit } from './figures.ts'

/** How the results of a contest become a table. */
export interface Comparison {
  readonly id: string
  readonly title: string
  /** Which of the measures. */
  readonly what: string
  readonly unit: Unit
  /** Who the others are compared with, and which way round. */
  readonly with: string
  readonly ratio: 'to it' | 'of it'
  /** How many netns a measure is of. */
  readonly size?: number
}

/** Makes a table of one measure of a contest. Ratios are medians of the ratios within a round. */
export function compare(results: readonly Result[], comparison: Comparison): Section {
  const { id, title, what, with: base, ratio } = comparison
  const other = results.find(({ name }) => name === base)
  const rows = results.flatMap((result) => {
    const row = rowFor(result, result.name, comparison)
    if (!row || 'leftOut' in row || !other || other === result) return row ? [row] : []
    const pairs = ratiosOf(result, other, what).map((pair) => (ratio === 'to it' ? pair : 1 / pair))
    return [pairs.length === 0 ? row : { ...row, ratio: median(pairs) }]
  })
  return { id, title, versus: ratio === 'to it' ? `÷ ${base}` : `${base} ÷ it`, rows }
}

/** Makes the row of one measure of one contestant; undefined when it was never measured. */
export function rowFor(
  { rounds, leftOut }: Result,
  name: string,
  { what, unit, size }: Pick<Comparison, 'what' | 'unit' | 'size'>,
): Row | LeftOut | undefined {
  const known = rounds.map((measures) => measures?.[what]).filter((value) => value !== undefined)
  if (leftOut !== undefined) return { name, leftOut }
  if (known.length === 0) return undefined
  const middle = median(known)
  const best = unit === 'events/s' ? Math.max(...known) : Math.min(...known)
  return {
    name,
    unit,
    median: middle,
    best,
    rounds: known.length,
    ...(size === undefined ? {} : { each: middle / size }),
  }
}

function ratiosOf(mine: Result, its: Result, what: string): readonly number[] {
  return mine.rounds.flatMap((measures, round) => {
    const [a, b] = [measures?.[what], its.rounds[round]?.[what]]
    return a === undefined || b === undefined ? [] : [a / b]
  })
}
