import type { YAMLError } from 'yaml'
import { got, shortened } from './problems.ts'

/** What keeps a text from being YAML: where it stands, and what to write instead. */
export interface YamlMistake {
  readonly offset: number
  readonly message: string
  readonly hint?: string
}

/** What the parser says of a mistake. */
type Said = Pick<YAMLError, 'code' | 'message' | 'pos'>

/** Tells a mistake in the words of those who write YAML, not of those who parse it. */
export function yamlMistake(text: string, said: Said): YamlMistake {
  const offset = said.code === 'TAB_AS_INDENT' ? said.pos[0] : behindSpaces(text, said.pos[0])
  const told = bareExpression(text, offset) ?? words[said.code]?.({ text, offset, said: said.message })
  return { offset, message: `expected YAML: ${said.message.replace(/; please use YAML\..*/, '')}`, ...told }
}

/** Where a mistake was noticed. */
interface Place {
  readonly text: string
  readonly offset: number
  readonly said: string
}

type Told = Partial<YamlMistake> & { readonly message: string }

const words: { readonly [code in YAMLError['code']]?: (place: Place) => Told | undefined } = {
  TAB_AS_INDENT: () => ({ message: 'expected spaces in front of a field, got a tab' }),
  BAD_SCALAR_START: ({ text, offset }) =>
    quotesAround(
      `a text that begins with ${got(text[offset])}`,
      /^[^,}\]]*/.exec(untilEnd(text, offset))![0].trimEnd(),
    ),
  BAD_DQ_ESCAPE: ({ text, offset }) => ({
    message: `expected an escape that YAML has, got ${text.slice(offset, offset + 2)}`,
    hint: String.raw`write \\ for a \, or put the text in '…'`,
  }),
  BAD_INDENT: ({ text, offset, said }) => {
    const bracket = /end with a ([}\]])$/.exec(said)?.[1]
    return bracket === undefined
      ? further(text, offset - 1, fieldIn(text, offset - 1).indent)
      : { message: `expected a closing "${bracket}" before this, got ${gotLine(text, offset)}` }
  },
  BLOCK_AS_IMPLICIT_KEY: ({ text, offset, said }) =>
    said.startsWith('A block seq')
      ? { message: `expected a field like those above, got an item of a list: ${gotLine(text, offset)}` }
      : nested(text, offset),
  BLOCK_IN_FLOW: ({ text, offset }) => inFlow(untilEnd(text, offset)),
  MISSING_CHAR: (place) => missing(place),
  MULTILINE_IMPLICIT_KEY: ({ text, offset }) => ({
    message: `expected a name, ":" and a space, got ${gotLine(text, offset)}`,
  }),
  MULTIPLE_DOCS: () => ({ message: 'expected one document, got another one behind ---' }),
  UNEXPECTED_TOKEN: ({ text, offset }) => unexpected(text, offset),
}

/** Braces mean a map where a text is not quoted: what follows is told as dozens of mistakes, and is this one. */
function bareExpression(text: string, offset: number): Told | undefined {
  if (!text.startsWith('${{', offset - 1)) return undefined
  const start = text.slice(0, offset).search(/[^\s,[{]*$/)
  const whole = /.*?\}\}[^\s,}\]]*/y
  whole.lastIndex = start
  return { offset: start, ...quotesAround('an expression', whole.exec(text)?.[0] ?? untilEnd(text, start)) }
}

function quotesAround(what: string, value: string): Told {
  const quote = value.includes('"') && !value.includes("'") ? "'" : '"'
  const escaped = quote === '"' ? value.replaceAll(/["\\]/g, String.raw`\$&`) : value
  return {
    message: `expected quotes around ${what}, got none`,
    hint: `write ${quote}${shortened(escaped, 60)}${quote}`,
  }
}

/** A value with ": " in it, or a line below that is further in than the field above it. */
function nested(text: string, offset: number): Told | undefined {
  const value = untilEnd(text, offset)
  if (/:(?:\s|$)/.test(value)) return quotesAround('a text with ": " in it', value)
  const above = fieldIn(text, offset)
  if (/^-\w/.test(above.key))
    return { offset: above.offset, message: `expected a space behind "-", got ${got(above.key)}` }
  return further(text, text.indexOf('\n', offset), above.indent)
}

/** A line that does not begin where the one above it does. */
function further(text: string, offset: number, indent: number): Told | undefined {
  const below = /\s(?:[ \t]*(?:#.*)?\n)*( *)(?=[^\s#])/y
  below.lastIndex = offset
  const next = below.exec(text)?.[1]
  const what = gotLine(text, below.lastIndex)
  return next === undefined || next.length === indent
    ? undefined
    : {
        offset: below.lastIndex,
        message: `expected ${spaces(indent)} in front of ${what}, as the field above has, got ${next.length}`,
      }
}

/** The field in the line of an offset: how far in it is, "- " counted. */
function fieldIn(
  text: string,
  offset: number,
): { readonly indent: number; readonly key: string; readonly offset: number } {
  const line = lineStart(text, offset)
  const [, before = '', key = ''] = /^((?: |- )*)(\S*)/.exec(text.slice(line, offset)) ?? []
  return { indent: before.length, key, offset: line + before.length }
}

/** Two fields without a comma, or a text that ends with a colon. */
function inFlow(rest: string): Told | undefined {
  const [, value, next] = /^([^\s,:]+)\s+([\w-]+):\s/.exec(rest) ?? []
  if (value !== undefined)
    return { message: `expected a comma between two fields, got none`, hint: `write ${value}, ${next}: …` }
  const ending = /^[^\s,}\]]*:(?=[\s,}\]])/.exec(rest)?.[0]
  return ending === undefined ? undefined : quotesAround('a text that ends with ":"', ending)
}

function missing({ text, offset, said }: Place): Told | undefined {
  if (said.startsWith('Sequence item'))
    return {
      message: `expected "- ", or as many spaces as the fields above have, in front of ${gotLine(text, offset)}, got ${spaces(offset - lineStart(text, offset))}`,
    }
  const quote = /^Missing closing (.)quote/.exec(said)?.[1]
  if (quote === undefined) return { message: `expected a name, ":" and a space, got ${gotLine(text, offset)}` }
  const opening = openQuote(text, quote)
  return {
    offset: opening,
    message: `expected a closing ${quote}, got ${gotLine(text, opening)} and no other ${quote} behind`,
  }
}

/** The quote in the first line that has an odd number of them. */
function openQuote(text: string, quote: string): number {
  let start = 0
  for (const line of text.split('\n')) {
    const found = [...line].filter((char) => char === quote).length
    if (found % 2 === 1) return start + line.lastIndexOf(quote)
    start += line.length + 1
  }
  return text.length
}

function unexpected(text: string, offset: number): Told {
  const quote = /(["'])\s*$/.exec(text.slice(lineStart(text, offset), offset))?.[1]
  if (quote === undefined) return { message: `expected a field or an item of a list, got ${gotLine(text, offset)}` }
  return {
    message: `expected nothing more behind a closing ${quote}, got ${gotLine(text, offset)}`,
    hint: `a text with ${quote} in it stands in ${quote === '"' ? "'…'" : '"…"'}`,
  }
}

const gotLine = (text: string, offset: number): string => {
  const rest = untilEnd(text, offset)
  return rest === '' ? 'the end' : got(shortened(rest, 40))
}

const spaces = (count: number): string => (count === 1 ? '1 space' : `${count} spaces`)

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1

/** What follows in the line, without a comment. */
const untilEnd = (text: string, offset: number): string =>
  text
    .slice(offset, (text.indexOf('\n', offset) + 1 || text.length + 1) - 1)
    .replace(/\s+#.*$/, '')
    .trimEnd()

function behindSpaces(text: string, offset: number): number {
  let at = offset
  while (text[at] === ' ') at += 1
  return text[at] === '\n' || at === text.length ? offset : at
}
