import { got } from './problems.ts'

/** The parser's names of tokens, as people know them. */
const tokens: { readonly [name: string]: string } = {
  LBrace: '"{"',
  RBrace: '"}"',
  LBracket: '"["',
  RBracket: '"]"',
  Comma: '","',
  Colon: '":"',
}

/** Says what to write instead of what is no JSON, where that can be told from what stands around an offset. */
export function jsonMistake(text: string, offset: number, said: string): string {
  const char = text[offset]
  const before = text.slice(0, offset).trimEnd().at(-1) ?? ''
  if (char === '/' || char === '#')
    return 'expected JSON, which has no comments (a file NAME.yaml may have them, behind #)'
  if (char === "'") return `expected " around a text, got '`
  if (before === ',' && (char === ']' || char === '}')) return `expected no comma before "${char}"`
  if (/["\]}\w]/.test(before) && /^[\w"[{-]/.test(text.slice(offset)))
    return `expected ${/[{,]\s*"[^"\n]*"\s*$/.test(text.slice(0, offset)) ? '":" or ' : ''}a comma before this, got ${got(/^"[^"\n]*"?|^[\w-]+|^./.exec(text.slice(offset))![0])}`
  if (/["\]}\w]/.test(before) && (char === ']' || char === '}'))
    return `expected ${char === '}' ? '"]"' : '"}"'} or a comma, got "${char}"`
  return `expected JSON: ${inPlainWords(said)}`
}

const inPlainWords = (message: string): string =>
  message
    .replace(/ \(\d+:\d+\)$/, '')
    .replace(/(?<=^Unexpected token )\w+/, (name) => tokens[name] ?? name.toLowerCase())
