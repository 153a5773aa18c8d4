/** Characters of the short texts that one memo keeps at most. */
const MOST = 1_000_000

/** Characters from which on a text is long: of those the last ones are kept, whatever their size. */
const LONG = 10_000

/** So many long ones: what is there now, and what was there before the last change. */
const LAST = 2

/**
 * Remembers what a function made of the last texts that it was given. The steps of a run read the same few answers of the
 * same tools: a long one about the host, and short ones about many netns.
 */
export function ofText<T>(make: (text: string) => T): (text: string) => T {
  const [short, long] = [new Map<string, T>(), new Map<string, T>()]
  let size = 0
  return (text) => {
    const made = text.length < LONG ? short : long
    const known = made.get(text)
    if (known !== undefined) {
      // one that is the same text, and not the same string, would be compared letter by letter each time
      if (made === long && made.delete(text)) made.set(text, known)
      return known
    }
    const result = make(text)
    made.set(text, result)
    if (made === short) size += text.length
    for (const [oldest] of made) {
      if (made === long ? made.size <= LAST : size <= MOST) break
      made.delete(oldest)
      if (made === short) size -= oldest.length
    }
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
