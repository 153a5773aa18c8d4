/** Freezes plain data with all that is in it: whoever is given it cannot change what others go by. */
export function frozen<T>(value: T): T {
  if (!isPlain(value) || Object.isFrozen(value)) return value
  // first, for it may be in itself
  Object.freeze(value)
  for (const item of Object.values(value)) frozen(item)
  return value
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === null || prototype === Object.prototype
}
