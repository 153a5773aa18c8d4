import { endOfText, HANDLE, HOST_NETNS, type Command } from '../../core/command.ts'
import { quote } from '../../core/quote.ts'

/**
 * Writes a command for a POSIX shell; `also` comes behind it, before the text for its stdin. HANDLE stands for a handle only
 * where the script has looked for one: elsewhere it is a text like any other.
 */
export function shCommand({ argv, stdin }: Command, also: string, hasHandle: boolean): string {
  const line = shWords(argv, hasHandle)
  if (stdin === undefined) return `${line}${also}`
  // a here-document ends with a line feed, whatever it holds
  if (!stdin.endsWith('\n')) return `printf %s ${quote(stdin)} | ${line}${also}`
  const expands = hasHandle && stdin.includes(HANDLE)
  const text = (expands ? expanding(stdin) : stdin).replace(/\n?$/, '\n')
  const end = endOfText(text)
  return `${line} <<${expands ? end : `'${end}'`}${also}\n${text}${end}`
}

/** Writes words: of all of them only the netns of the host and a handle are known when the script runs. */
export const shWords = (argv: readonly string[], hasHandle: boolean): string =>
  argv
    .map((word, at) => {
      if (word === HOST_NETNS && argv[at - 1] === 'netns') return '"/proc/$$/ns/net"'
      return hasHandle && word === HANDLE ? '"$handle"' : quote(word)
    })
    .join(' ')

/** In a here-document in which variables are expanded, nothing else may be. */
const expanding = (text: string): string => text.replace(/[\\$`]/g, '\\$&').replaceAll(HANDLE, '$handle')

/** Writes one line of comment, whatever the text. */
export const shComment = (text: string): string => `# ${text.replace(/\s*\n\s*/g, ' ')}`.trimEnd()
