import { ofText } from '../../core/memo.ts'
import { expectLines } from './expect-lines.ts'

/** One table as `iptables-save` prints it. */
export interface SavedTable {
  /** Each chain's policy; `-` for a chain that is not built in. */
  readonly chains: { readonly [name: string]: string }
  readonly rules: readonly SavedRule[]
}

/** A rule without its `-A CHAIN`. */
export interface SavedRule {
  readonly chain: string
  readonly words: readonly string[]
}

/**
 * Reads one table out of what `iptables-save` printed; a table that is not printed is empty.
 *
 * `iptables-nft-save` leaves out a table that it cannot express and only says so in a comment: that gives `incompatible`.
 *
 * @throws when that is not what `iptables-save` prints
 * @see iptables-save(8)
 */
export function parseSave(stdout: string, table: string): SavedTable | 'incompatible' {
  return tablesIn(stdout)(table)
}

const tablesIn = ofText((stdout) => {
  expectLines(stdout.replace(/^\*[^]*?^COMMIT$/gm, ''), /^$/, 'tables of iptables-save')
  const lines = linesByTable(stdout)
  return ofText((table) =>
    stdout.includes(`# Table \`${table}' is incompatible, use 'nft' tool.`)
      ? 'incompatible'
      : tableOf(lines.get(table) ?? []),
  )
})

function tableOf(lines: readonly string[]): SavedTable {
  const chains: { [name: string]: string } = {}
  const rules: SavedRule[] = []
  for (const line of lines) {
    const [first = '', second = '', ...words] = saveWords(line)
    if (first.startsWith(':')) chains[first.slice(1)] = second
    if (first === '-A') rules.push({ chain: second, words })
  }
  return { chains, rules }
}

/** Lists the lines of each table; a quoted word that goes on over several lines stays in one. */
function linesByTable(stdout: string): ReadonlyMap<string, readonly string[]> {
  const tables = new Map<string, string[]>()
  let lines: string[] | undefined
  let open = ''
  for (const line of stdout.split('\n')) {
    const whole = open === '' ? line : `${open}\n${line}`
    open = whole.startsWith('-A') && isOpen(whole) ? whole : ''
    if (open === '' && whole.startsWith('*')) {
      const table = whole.slice(1)
      lines = tables.get(table) ?? []
      tables.set(table, lines)
    } else if (open === '') lines?.push(whole)
  }
  return tables
}

const WORD = /"((?:\\[^]|[^"\\])*)"(?=\s|$)|\S+/g

/** Splits a line at white space; inside double quotes, which only open a word, a backslash protects any character. */
function saveWords(line: string): readonly string[] {
  return Array.from(line.matchAll(WORD), ([word, quoted]) => quoted?.replace(/\\([^])/g, '$1') ?? word)
}

function isOpen(line: string): boolean {
  return Array.from(line.matchAll(WORD)).some(([word, quoted]) => quoted === undefined && word.startsWith('"'))
}
