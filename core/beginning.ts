/**
 * Gives the beginning of a text, at most `most` characters, as `mask` tells it to people.
 *
 * What a tool printed may be hundreds of megabytes: only so much of it is searched for secrets that none of them is cut where
 * it would be told.
 */
export function beginningOf(text: string, most: number, mask: (text: string) => string): string {
  const searched = most + 2 * LONGEST_SECRET
  const masked = mask(text.slice(0, searched))
  if (text.length <= searched && masked.length <= most) return masked
  const whole = text.length <= searched ? masked : masked.slice(0, Math.max(0, masked.length - LONGEST_SECRET))
  return `${whole.slice(0, most)} …`
}

/** Characters of a secret in its longest writing: 4096 of four bytes each, in hex. */
const LONGEST_SECRET = 32 * 1024
