/**
 * Where the values of a text stand, in the order of the text: flat lists, for a tree of objects would cost ten times as
 * much as the values themselves.
 */
export interface Places {
  /** Offset of each value. */
  readonly starts: number[]
  /** Index of what follows a value and all that is in it. */
  readonly afters: number[]
  /** Name of the field, or number of the entry, that each value is. */
  readonly names: (string | number)[]
  /** Offset of the name of the field that each value is; for entries the same as `starts`. */
  readonly nameStarts: number[]
}

/** How many values something may hold and still be searched from its beginning. */
const FEW = 64

/** Finds the index of the value that a JSON pointer names; undefined where nothing stands. @see RFC 6901 */
export function finderIn(places: Places): (pointer: string) => number | undefined {
  const indexes = new Map<number, Index>()
  const childOf = (parent: number, name: string): number | undefined => {
    if (places.afters[parent]! - parent <= FEW)
      return childrenOf(places, parent).find((child) => String(places.names[child]) === name)
    const index = indexes.get(parent) ?? indexOf(places, parent)
    indexes.set(parent, index)
    return Array.isArray(index) ? (index as readonly number[])[Number(name)] : (index as Map<string, number>).get(name)
  }
  return (pointer) => {
    const names = pointer.split('/').slice(1)
    return names.reduce<number | undefined>((parent, name) => {
      return parent === undefined ? undefined : childOf(parent, name.replaceAll('~1', '/').replaceAll('~0', '~'))
    }, 0)
  }
}

/** Children by their number, or by their name. */
type Index = readonly number[] | ReadonlyMap<string, number>

function indexOf(places: Places, parent: number): Index {
  const children = childrenOf(places, parent)
  if (typeof places.names[children[0]!] === 'number') return children
  return new Map(children.map((child) => [String(places.names[child]), child]))
}

/** Lists the indexes of what stands directly in a value. */
export function childrenOf({ afters }: Places, parent: number): readonly number[] {
  const children: number[] = []
  const end = afters[parent] || afters.length
  for (let child = parent + 1; child < end; child = afters[child]!) children.push(child)
  return children
}
