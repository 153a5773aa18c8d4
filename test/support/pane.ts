import { widthOf } from '../../cli/text.ts'

/**
 * Shows what a terminal shows of some output: line feeds (which begin a line, as in a cooked terminal), `\r`, `ESC [ n A`, `ESC [ K`, `ESC [ J`, and no colours; lines that
 * are wider than the terminal go on in the next row. Other escape sequences are refused.
 */
export function paneOf(output: string, columns: number): readonly string[] {
  const rows: string[] = ['']
  let [row, column] = [0, 0]
  const feed = (): void => {
    row += 1
    column = 0
    rows[row] ??= ''
  }
  for (const [token] of output.matchAll(/\x1b\[\d*[A-Za-z]|\x1b|[^\x1b]/gsu)) {
    const [, count = '', what] = /^\x1b\[(\d*)([A-Za-z])$/.exec(token) ?? []
    if (what === 'm') continue
    if (token === '\n') feed()
    else if (token === '\r') column = 0
    else if (what === 'A') row -= Number(count || 1)
    else if (what === 'K' || what === 'J') {
      rows[row] = startOf(rows[row]!, column)
      if (what === 'J') rows.length = row + 1
    } else if (token.startsWith('\x1b')) throw new Error(`unexpected escape sequence ${JSON.stringify(token)}`)
    else {
      if (column + widthOf(token) > columns) feed()
      rows[row] = startOf(rows[row]!, column) + token + rows[row]!.slice(startOf(rows[row]!, column).length + 1)
      column += widthOf(token)
    }
  }
  return rows.map((line) => line.trimEnd())
}

/** The beginning of a line up to a column. */
function startOf(line: string, column: number): string {
  let start = ''
  for (const character of line) {
    if (widthOf(start + character) > column) break
    start += character
  }
  return start.padEnd(start.length + Math.max(0, column - widthOf(start)))
}
