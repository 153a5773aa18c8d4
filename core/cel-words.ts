import { variables } from './expression-names.ts'
import { didYouMean } from './near.ts'

/** Puts what the reader of CEL says into plain words. */
export function inPlainWords(reason: string): string {
  const unknown = /^(?:Unknown variable|Reserved identifier): (\w+)$/.exec(reason)?.[1]
  if (unknown !== undefined) return unknownName(unknown)
  return reason
    .replace(/^Unexpected token: /, 'expected a value, got ')
    .replace(/^Expected (\w+), got/, 'expected $1, got')
    .replace(/^Unexpected character: (?:'(.+)'|(.+))$/, 'expected a value or an operator (== != < > && || !), got $1$2')
    .replace(/^found no matching overload for '((\w+)\(.*)'$/, (all, got: string, name: string) =>
      Object.hasOwn(signatures, name) ? `expected ${name}(${signatures[name]!}), got ${got}` : all,
    )
    .replace(/^found no matching overload for '(.*)'$/, 'expected a function that takes this, got $1')
    .replace(/^no such overload: /, 'expected values that go together, got ')
    .replace(/dyn<(\w+)>/g, '$1')
    .replace(/\b(?:IDENTIFIER|EOF|[LR](?:BRACE|BRACKET|PAREN))\b/g, (token) => tokens[token]!)
}

/** What the functions of nsnet take. */
const signatures: { readonly [name: string]: string } = {
  address: 'prefix, n',
  cidrhost: 'prefix, n',
  cidrsubnet: 'prefix, bits, n',
}

function unknownName(name: string): string {
  const names = Object.keys(variables)
  const near = didYouMean(name, names)
  return `expected ${names.join(', ')} or a text in quotes, got ${name}${near === undefined ? '' : `, ${near}`}`
}

/** The parser's names of tokens, as people know them. */
const tokens: { readonly [name: string]: string } = {
  IDENTIFIER: 'a name',
  EOF: 'the end',
  LBRACE: '"{"',
  RBRACE: '"}"',
  LBRACKET: '"["',
  RBRACKET: '"]"',
  LPAREN: '"("',
  RPAREN: '")"',
}
