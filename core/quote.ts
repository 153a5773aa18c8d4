/**
 * Quotes a word for a POSIX shell; plain words stay as they are. What may not reach a terminal is written as `$'…'`, which
 * only some shells know.
 */
export function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (printable(word) !== word) return `$'${printable(word.replace(/[\\']/g, '\\$&'))}'`
  return `'${word.replaceAll("'", "'\\''")}'`
}

/**
 * Makes text safe to print: control characters (terminal escapes among them) become visible `\xNN`, those that turn the
 * direction of writing `\uNNNN`. Line feeds and tabs stay.
 */
export function printable(text: string): string {
  return text
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replace(/[\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)
}
