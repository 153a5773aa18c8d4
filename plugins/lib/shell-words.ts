/**
 * Splits text into words as a POSIX shell does: quotes and backslashes are read, nothing is expanded.
 *
 * Gives undefined for a quote that is not closed and for a backslash at the end.
 *
 * @see POSIX.1-2017, Shell Command Language §2.2
 */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = []
  let rest = text.trimStart()
  while (rest !== '') {
    const [source = ''] = /^(?:\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|[^\s\\'"])+/.exec(rest) ?? []
    const after = rest.slice(source.length)
    if (source === '' || /^\S/.test(after)) return undefined
    words.push(unquote(source))
    rest = after.trimStart()
  }
  return words
}

function unquote(source: string): string {
  return source.replace(
    /'([^']*)'|"((?:\\[^]|[^"\\])*)"|\\([^])/g,
    (_, single?: string, double?: string, one?: string) =>
      double === undefined ? (single ?? one ?? '') : double.replace(/\\([$`"\\\n])/g, '$1'),
  )
}
