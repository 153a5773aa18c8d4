/**
 * Does work on all items, so many at the same time; gives the results in the order of the items. After an error nothing
 * more is begun, and it is thrown once what was begun has ended.
 */
export async function allOf<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  const errors: unknown[] = []
  let next = 0
  const one = async (): Promise<void> => {
    while (next < items.length && errors.length === 0) {
      const at = next++
      try {
        results[at] = await work(items[at]!)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, one))
  if (errors.length > 0) throw errors[0]
  return results
}
