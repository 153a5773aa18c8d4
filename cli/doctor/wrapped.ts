import stringWidth from 'string-width'

/** Columns of a screen. */
const WIDTH = 80

/**
 * Breaks a text at its blanks into lines of at most 80 columns, each `indent` blanks in; a longer word has a line of its own.
 * Lines after the first of a text that begins with a mark of one column stand behind it.
 */
export function wrapped(text: string, indent: number): readonly string[] {
  const hang = /^[→$] /.test(text) ? 2 : 0
  const lines: string[] = []
  let line = ' '.repeat(indent)
  let isEmpty = true
  for (const word of text.split(' ')) {
    if (!isEmpty && stringWidth(`${line} ${word}`) > WIDTH) {
      lines.push(line)
      line = ' '.repeat(indent + hang)
      isEmpty = true
    }
    line += isEmpty ? word : ` ${word}`
    isEmpty = false
  }
  return [...lines, line]
}
