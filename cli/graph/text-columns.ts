import type { Mark } from './model.ts'
import { blank, type Cell } from './text-cells.ts'

/** One height of a picture: a piece of the left box, what is between the boxes, a piece of a right one. */
export interface Row {
  readonly left: Cell | undefined
  readonly gap: Gap | undefined
  readonly right: Cell | undefined
}

/** What crosses from box to box: a cable, or an arrow to the left or right. */
export interface Gap extends Pick<Mark, 'pending' | 'drifted'> {
  readonly kind: 'cable' | 'left' | 'right'
}

/** Two columns of boxes that grow downwards. */
export interface Columns {
  readonly left: (Cell | undefined)[]
  readonly right: (Cell | undefined)[]
  /** Makes both columns equally high, in the boxes that are open in them. */
  readonly even: () => void
  /** Lets something cross at the height that comes next in both columns. */
  readonly cross: (gap: Gap) => void
  readonly rows: () => readonly Row[]
}

/** Begins two empty columns. */
export function twoColumns(): Columns {
  const left: (Cell | undefined)[] = []
  const right: (Cell | undefined)[] = []
  const gaps = new Map<number, Gap>()
  return {
    left,
    right,
    even: () => {
      while (left.length < right.length) left.push(blank)
      while (right.length < left.length) right.push(blank)
    },
    cross: (gap) => void gaps.set(left.length, gap),
    rows: () =>
      Array.from({ length: Math.max(left.length, right.length) }, (_, at) => ({
        left: left[at],
        gap: gaps.get(at),
        right: right[at],
      })),
  }
}
