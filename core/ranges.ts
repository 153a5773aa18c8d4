/**
 * A set of whole numbers, kept as the ranges that it is made of: `[from, to]`, both ends in it, in ascending order and never
 * adjoining. Ten thousand steps in a row are one range, so that a set costs as much as it has gaps.
 */
export type Ranges = readonly (readonly [from: number, to: number])[]

/** The set without a number. */
export const none: Ranges = []

/** The set of all numbers from one to another; empty when that is smaller. */
export const between = (from: number, to: number): Ranges => (from > to ? none : [[from, to]])

/** Says whether a number is in a set. */
export const has = (set: Ranges, number: number): boolean => set.some(([from, to]) => from <= number && number <= to)

/** The smallest number of a set. */
export const first = (set: Ranges): number | undefined => set[0]?.[0]

/** The largest number of a set. */
export const last = (set: Ranges): number | undefined => set.at(-1)?.[1]

/** Adds a number to a set. */
export const including = (set: Ranges, number: number): Ranges => (has(set, number) ? set : joined(set, number, number))

/** Takes a number out of a set. */
export function without(set: Ranges, number: number): Ranges {
  if (!has(set, number)) return set
  return set.flatMap(([from, to]) =>
    number < from || number > to ? [[from, to] as const] : [...between(from, number - 1), ...between(number + 1, to)],
  )
}

/** Keeps the numbers from one on. */
export const from = (set: Ranges, start: number): Ranges =>
  set.flatMap(([begin, to]) => between(Math.max(begin, start), to))

/** All numbers of several sets. */
export const union = (...sets: readonly Ranges[]): Ranges =>
  sets.flat().reduce<Ranges>((all, [begin, to]) => joined(all, begin, to), none)

function joined(set: Ranges, begin: number, to: number): Ranges {
  const before = set.filter((range) => range[1] < begin - 1)
  const behind = set.filter((range) => range[0] > to + 1)
  const around = set.slice(before.length, set.length - behind.length)
  const ends = around.flat()
  return [...before, [Math.min(begin, ...ends), Math.max(to, ...ends)], ...behind]
}

/** Goes through a set, the smallest number first. */
export function* upwards(set: Ranges): Generator<number> {
  for (const [begin, to] of set) for (let number = begin; number <= to; number++) yield number
}

/** Goes through a set, the largest number first. */
export function* downwards(set: Ranges): Generator<number> {
  for (const [begin, to] of set.toReversed()) for (let number = to; number >= begin; number--) yield number
}
