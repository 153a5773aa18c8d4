/**
 * Says what is wrong with an XML text; undefined when it is well-formed. Knows what SVG of Graphviz has: elements,
 * attributes, texts and references to characters.
 *
 * @see https://www.w3.org/TR/xml, 2.1
 */
export function xmlMistake(text: string): string | undefined {
  const open: string[] = []
  const rest = text.replace(TOKEN, (_, closing = '', name = '', empty = '') => {
    if (closing !== '' && open.pop() !== name) open.push(`</${name}>`)
    else if (closing === '' && empty === '') open.push(name)
    return ''
  })
  const left = rest.search(/[<>"]|&(?!(?:#\d+|#x[\da-f]+|amp|lt|gt|quot|apos);)/i)
  if (left !== -1) return `markup in text: ${rest.slice(left, left + 60)}`
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text)) return 'a character that XML does not have'
  return open.length === 0 ? undefined : `not closed: ${open.join(' ')}`
}

const TOKEN = /<(\/?)([a-z][\w:-]*)(?:\s+[\w:-]+="(?:[^<&"]|&(?:#\d+|#x[\da-f]+|amp|lt|gt|quot|apos);)*")*\s*(\/?)>/gi
