/** Says what of a value JSON cannot hold, and where: `a Map at .rules`; undefined when all of it is plain. A field may be undefined: it is left out. */
export const notPlain = (value: unknown): string | undefined => oddIn(value, '', [])

/** Goes down a tree; `above` are the objects around, by which a circle is known. */
function oddIn(value: unknown, path: string, above: readonly object[]): string | undefined {
  const where = path === '' ? '' : ` at ${path}`
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value}${where}`
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value !== 'object') return `${nameOf(value)}${where}`
  if (above.includes(value)) return `an object that holds itself${where}`
  const inside = [...above, value]
  if (Array.isArray(value)) return first(value, (item, at) => oddIn(item, `${path}[${at}]`, inside))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return `${nameOf(value)}${where}`
  return first(Object.entries(value), ([key, item]) =>
    item === undefined ? undefined : oddIn(item, `${path}.${key}`, inside),
  )
}

function first<T>(items: readonly T[], find: (item: T, at: number) => string | undefined): string | undefined {
  for (const [at, item] of items.entries()) {
    const found = find(item, at)
    if (found !== undefined) return found
  }
  return undefined
}

function nameOf(value: unknown): string {
  if (isPromise(value)) return 'a promise'
  if (typeof value === 'object') return `a ${(value as object).constructor?.name ?? 'object without a name'}`
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}

/** Says whether somebody could wait for a value. */
export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
