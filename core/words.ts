/**
 * Writes a word for a file of `ip -batch`; undefined when such a file cannot carry it. A quote counts only at the
 * beginning of a word, a `\` at the end of a line joins lines, a `#` cuts them also inside of quotes.
 *
 * @see ip(8); getcmdline() and makeargs() in iproute2's lib/utils.c
 */
export function batchWord(word: string): string | undefined {
  if (/[#\r\n\0]/.test(word)) return undefined
  if (/^[^\s'"]\S*(?<!\\)$/.test(word)) return word
  const mark = ["'", '"'].find((it) => !word.includes(it))
  return mark && `${mark}${word}${mark}`
}

/**
 * Writes a word for iptables-restore; undefined when it cannot carry it: it takes up to 1,023 bytes a word, leaves out
 * empty ones, and refuses what looks like `-t` also inside of quotes.
 *
 * @see iptables-restore(8); add_param_to_argv() in iptables/xshared.c
 */
export function restoreWord(word: string): string | undefined {
  if (word === '' || /[\r\n\0]|^-[^-].*t/.test(word) || Buffer.byteLength(word) > 1000) return undefined
  return /^[\w./:,@%+=!-]+$/.test(word) ? word : `"${word.replace(/[\\"]/g, '\\$&')}"`
}
