/** Characters of the texts that one memo keeps at most, beside the newest of them. */
const MOST = 4_000_000

/** Characters from which on comparing a text takes longer than putting it in the place of an equal one. */
const LONG = 10_000

/**
 * Remembers what a function made of the last texts that it was given, 4 million characters of them and the newest at least.
 * The steps of a run read the same few answers of the same tools, and each of those may be long.
 */
export function ofText<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>()
  let size = 0
  return (text) => {
    const known = made.get(text)
    if (known !== undefined) {
      // one that is the same text, and not the same string, would be compared letter by letter each time
      if (text.length > LONG && made.delete(text)) made.set(text, known)
      return known
    }
    const result = make(text)
    for (const [oldest] of made) {
      if (size + text.length <= MOST) break
      made.delete(oldest)
      size -= oldest.length
    }
    made.set(text, result)
    size += text.length
    return result
  }
}

/** Remembers what a function made of an object, for as long as that lives. */
export function ofObject<K extends object, T>(make: (of: K) => T): (of: K) => T {
  const made = new WeakMap<K, T>()
  return (of) => {
    const known = made.get(of)
    if (known !== undefined) return known
    const result = make(of)
    made.set(of, result)
    return result
  }
}
