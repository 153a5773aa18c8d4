/** Sorts items into groups, each item into those that it names, in their order. */
export function grouped<K, T>(items: readonly T[], groupsOf: (item: T) => readonly K[]): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items)
    for (const name of groupsOf(item)) {
      const group = groups.get(name)
      if (group) group.push(item)
      else groups.set(name, [item])
    }
  return groups
}
