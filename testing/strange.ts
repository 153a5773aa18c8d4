/**
 * Names the first thing in a value that a journal would give back as something else: what is no plain JSON. A field that is
 * undefined is as good as one that is not there.
 */
export const strangeIn = (value: unknown): string | undefined => strangeAt(value, '')

function strangeAt(value: unknown, pointer: string): string | undefined {
  const here = pointer === '' ? '/' : pointer
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${here} is ${value}`
  if (typeof value !== 'object') return plainTypes.has(typeof value) ? undefined : `${here} is of type ${typeof value}`
  if (value === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null)
    return `${here} is a ${value.constructor.name}`
  const parts = Object.entries(value).filter(([, part]) => Array.isArray(value) || part !== undefined)
  return parts.map(([key, part]) => strangeAt(part, `${pointer}/${key}`)).find((found) => found !== undefined)
}

const plainTypes = new Set(['string', 'boolean'])
