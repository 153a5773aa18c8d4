/** A `table FAMILY NAME { … }` block as people write it, without its comments. */
export interface TableBlock {
  readonly family: string
  readonly name: string
  readonly body: string
}

/** Names of nft's address families. @see nft(8), ADDRESS FAMILIES */
export const FAMILIES = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'] as const

/** Strings, line comments, continued lines, what separates statements, punctuation, and words. */
const TOKEN = /"[^"]*"|#[^\n]*|\\\n|[\n;{},]|[^\s;{},"#\\]+|["\\]/g

/** Splits nft text into its tokens, without comments and continued lines. */
export const tokensOf = (text: string): readonly string[] =>
  (text.match(TOKEN) ?? []).filter((token) => !token.startsWith('#') && token !== '\\\n')

/**
 * Writes nft text so that differences of white space, comments, `;` against new line, and counters do not count.
 *
 * Statements are separated by new lines; a list that goes on over several lines becomes one.
 */
export function normal(text: string): string {
  const words = tokensOf(text).map((token) => (token === ';' ? '\n' : token))
  return words
    .join(' ')
    .replace(/\bcounter packets \d+ bytes \d+/g, 'counter')
    .replace(/([{,]) (?:\n ?)+/g, '$1 ')
    .replace(/(?: ?\n)+ (?=\})/g, ' ')
    .replace(/ ?(?:\n ?)+/g, '\n')
    .trim()
}

/** Takes the elements of a set apart, at the commas outside of quotes. */
export const elementsIn = (list: string): readonly string[] => list.split(/,\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/)

/** Reads exactly one table block; otherwise says what was expected. */
export function parseTableBlock(text: string): TableBlock | string {
  const bare = withoutComments(text)
  const head = /^\s*table[ \t]+(?:(\w+)[ \t]+)?([A-Za-z][\w./-]*)[ \t]*\{/.exec(bare)
  if (!head) return 'expected one block such as "table inet lab { … }"'
  const [opening, family = 'ip', name = ''] = head
  if (!FAMILIES.some((known) => known === family))
    return `expected a family of nft, ${FAMILIES.join(', ')}: got "${family}"`
  const end = closingBrace(bare, opening.length)
  if (end === undefined) return `expected closed quotes and a closing "}" of table ${name}`
  if (bare.slice(end + 1).trim() !== '') return `expected nothing after the closing "}" of table ${name}`
  const body = bare.slice(opening.length, end)
  return refusedIn(body) ?? { family, name, body: body.trim() }
}

/** Says what is wrong with a rule that is to stand on one line, before nsnet's comment; undefined when nothing is. */
export function mistakeInRule(rule: string): string | undefined {
  const tokens: readonly string[] = rule.match(TOKEN) ?? []
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(rule)) return 'expected a rule on one line, without control characters'
  if (tokens.length === 0) return 'expected a rule such as "tcp dport 22 accept"'
  if (tokens.some((token) => token.startsWith('#'))) return 'expected a rule without "#" outside quotes'
  if (tokens.some((token) => token === '"' || token === '\\')) return 'expected closed quotes and no "\\" outside them'
  if (tokens.includes('comment')) return 'expected a rule without comment: nsnet writes its own'
  if (/^(handle|position|index)$/.test(tokens[0] ?? '')) return 'expected "position" beside the rule, not in it'
  const depths = depthsOf(tokens)
  if (depths.some((depth) => depth < 0) || depths.at(-1) !== 0) return 'expected balanced braces'
  if (tokens.some((token, at) => token === ';' && depths[at] === 0))
    return 'expected one rule, without ";" outside braces'
  return undefined
}

function withoutComments(text: string): string {
  return text.replace(/"[^"]*"|#[^\n]*|\\\n/g, (found) => (found.startsWith('"') ? found : found === '\\\n' ? ' ' : ''))
}

function closingBrace(text: string, from: number): number | undefined {
  let depth = 1
  for (const { 0: token, index } of text.slice(from).matchAll(/"[^"]*"|[{}"]/g)) {
    if (token === '"') return undefined
    depth += token === '{' ? 1 : token === '}' ? -1 : 0
    if (depth === 0) return from + index
  }
  return undefined
}

function refusedIn(body: string): string | undefined {
  const tokens = tokensOf(body)
  const depths = depthsOf(tokens)
  const starts = (at: number): boolean => at === 0 || /^[\n;{}]$/.test(tokens[at - 1] ?? '')
  const refused = tokens.find((token, at) => starts(at) && /^(include|define|redefine|undefine|flush)$/.test(token))
  if (refused !== undefined) return `expected a table without "${refused}"`
  const commented = tokens.some((token, at) => token === 'comment' && depths[at] === 0 && starts(at))
  return commented ? 'expected a table without a comment of its own: nsnet writes one' : undefined
}

/** Says for each token how many braces are open behind it. */
function depthsOf(tokens: readonly string[]): readonly number[] {
  let depth = 0
  return tokens.map((token) => (depth += token === '{' ? 1 : token === '}' ? -1 : 0))
}
