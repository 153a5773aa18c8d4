/** What a figure counts. */
export type Unit = 'ms' | 'MB' | 'events/s'

/** What was measured of one thing: medians and minima (of rates: maxima) over the rounds. */
export interface Row {
  readonly name: string
  readonly unit: Unit
  readonly median: number
  readonly best: number
  readonly rounds: number
  /** The median for one namespace, where there are several. */
  readonly each?: number
  /** What the section's `versus` says. */
  readonly ratio?: number
}

/** What was not measured, and why. */
export interface LeftOut {
  readonly name: string
  readonly leftOut: string
}

/** A table of what is compared. */
export interface Section {
  /** For programs: `one.run`, `many.undo.100`, … */
  readonly id: string
  readonly title: string
  /** Head of the column of ratios. */
  readonly versus: string
  readonly rows: readonly (Row | LeftOut)[]
}

/** Finds a row that was measured. */
export function rowOf(sections: readonly Section[], id: string, name: string): Row | undefined {
  const row = sections.find((section) => section.id === id)?.rows.find((one) => one.name === name)
  return row && !('leftOut' in row) ? row : undefined
}

/** The middle one of some numbers, or the mean of the two in the middle; of none it is NaN. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
