import { columnsOf, cut, widthOf } from './text.ts'

/** A line at the bottom of a terminal, which whatever is written next replaces. */
export interface LiveLine {
  /** Shows a line, cut to the width that the terminal has now, in place of the one before; in one write. */
  readonly draw: (line: string) => void
  /** What takes the line away again: to be written before anything else is; nothing when no line is there. */
  readonly gone: () => string
}

/** Columns that stay free: the terminal writes `^C` behind the line, and that must not begin another one. */
const ECHO = 3

/** Makes a live line at the end of a terminal; it is taken away also when the process ends. */
export function liveLineOn(stream: NodeJS.WriteStream): LiveLine {
  let drawn = 0
  const gone = (): string => {
    const sequence = drawn === 0 ? '' : `${toItsBegin(drawn, columnsOf(stream))}\x1b[J`
    drawn = 0
    return sequence
  }
  process.once('exit', () => void (drawn > 0 && stream.write(gone())))
  return {
    gone,
    draw: (line) => {
      const columns = columnsOf(stream)
      const text = cut(line, columns - ECHO)
      const start = drawn < columns ? '\r' : gone()
      drawn = widthOf(text)
      stream.write(`${start}${text}\x1b[K`)
    },
  }
}

/** Moves to where a line begins; one that a narrower window has wrapped since takes several rows. */
function toItsBegin(width: number, columns: number): string {
  const rows = Math.ceil(width / columns)
  return rows > 1 ? `\r\x1b[${rows - 1}A` : '\r'
}
