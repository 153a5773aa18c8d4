/** A part of a text: as it stands, or an expression; `undefined` is one that does not end. */
export type Piece = { readonly literal: string } | { readonly expression: string | undefined }

/** Takes a text apart at its `${{ … }}`; a `$${{` is the literal `${{`. */
export function* piecesOf(text: string): Generator<Piece> {
  let from = 0
  for (let at = text.indexOf('${{'); at !== -1; at = text.indexOf('${{', from)) {
    const escaped = at > from && text[at - 1] === '$'
    const literal = escaped ? `${text.slice(from, at - 1)}\${{` : text.slice(from, at)
    if (literal !== '') yield { literal }
    from = at + 3
    if (escaped) continue
    const end = endOf(text, from)
    yield { expression: end === -1 ? undefined : text.slice(from, end) }
    if (end === -1) return
    from = end + 2
  }
  if (from < text.length) yield { literal: text.slice(from) }
}

/** Finds the `}}` that ends an expression: not one inside a string or of nested maps, unless there is no other. */
function endOf(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const char = text[at]
    if (char === '"' || char === "'") at = endOfString(text, at)
    else if (char === '{') depth += 1
    else if (char === '}' && depth > 0) depth -= 1
    else if (char === '}' && text[at + 1] === '}') return at
  }
  return text.indexOf('}}', from)
}

/** Finds the last character of a string of CEL, which three quotes may enclose as well as one. */
function endOfString(text: string, start: number): number {
  const quote = text[start]!
  const fence = text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote
  let at = start + fence.length
  while (at < text.length && !text.startsWith(fence, at)) at += text[at] === '\\' ? 2 : 1
  return at + fence.length - 1
}
