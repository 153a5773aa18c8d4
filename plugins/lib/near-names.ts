/** Among more names than these, looking for one that is alike takes longer than the advice is worth. */
const MOST = 1000

/** How many are told. */
const TOLD = 3

/**
 * Lists the names that are a few edits away from a name or go on after it; the nearest first, at most three. Of more than
 * 1000 names it lists none.
 */
export function nearNames(names: readonly string[], name: string): readonly string[] {
  if (names.length > MOST) return []
  const near: { readonly each: string; readonly far: number }[] = []
  for (const each of names) {
    const goesOn = name.length > 2 && each.startsWith(name)
    // of those that are as far the first ones are told
    const full = near.length === TOLD ? near.at(-1)!.far - 1 : Infinity
    const most = Math.min(full, goesOn ? each.length : Math.ceil(name.length / 4))
    if (most < 1 || Math.abs(each.length - name.length) > most) continue
    const far = distance(each, name)
    if (far > most) continue
    const at = near.findIndex((other) => other.far > far)
    near.splice(at === -1 ? near.length : at, 0, { each, far })
    near.length = Math.min(near.length, TOLD)
  }
  return near.map(({ each }) => each)
}

/** Writes the hint for a name that is not there. */
export const didYouMean = (names: readonly string[]): string | undefined =>
  names.length === 0 ? undefined : `did you mean ${names.map((name) => `"${name}"`).join(' or ')}?`

/** Counts the letters to add, drop or change until one name is the other. */
function distance(a: string, b: string): number {
  // many names differ in a number only: what they have in common need not be compared in every way
  let [from, to, other] = [0, a.length, b.length]
  while (from < to && from < other && a.charCodeAt(from) === b.charCodeAt(from)) from++
  for (; to > from && other > from && a.charCodeAt(to - 1) === b.charCodeAt(other - 1); to--) other--
  const row: number[] = []
  for (let j = 0; j <= other - from; j++) row.push(j)
  for (let i = from; i < to; i++) {
    let [last, left] = [row[0]!, i - from + 1]
    row[0] = left
    for (let j = 1; j < row.length; j++) {
      const changed = last + (a.charCodeAt(i) === b.charCodeAt(from + j - 1) ? 0 : 1)
      last = row[j]!
      row[j] = left = Math.min(last + 1, left + 1, changed)
    }
  }
  return row.at(-1)!
}
