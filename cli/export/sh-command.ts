import { endOfText, HANDLE, HOST_NETNS, type Command } from '../../core/command.ts'
import { quote } from '../../core/quote.ts'

/** Writes a command for a POSIX shell; `also` comes behind it, before the text for its stdin. */
export function shCommand({ argv, stdin }: Command, also: string): string {
  const line = `${argv.map(shWord).join(' ')}`
  if (stdin === undefined) return `${line}${also}`
  const expands = stdin.includes(HANDLE)
  const text = (expands ? expanding(stdin) : stdin).replace(/\n?$/, '\n')
  const end = endOfText(text)
  return `${line} <<${expands ? end : `'${end}'`}${also}\n${text}${end}`
}

/** Writes a word: of all words only the netns of the host and a handle are known when the script runs. */
export function shWord(word: string): string {
  if (word === HOST_NETNS) return '"/proc/$$/ns/net"'
  return word === HANDLE ? '"$handle"' : quote(word)
}

/** In a here-document in which variables are expanded, nothing else may be. */
const expanding = (text: string): string => text.replace(/[\\$`]/g, '\\$&').replaceAll(HANDLE, '$handle')

/** Writes one line of comment, whatever the text. */
export const shComment = (text: string): string => `# ${text.replace(/\s*\n\s*/g, ' ')}`.trimEnd()
