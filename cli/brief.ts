import { programIn, show, type Command } from '../core/command.ts'
import type { Screen } from './terminal.ts'

/** Parts of commands that are nsnet's own marks, or tell nobody anything new. */
const NOISE: readonly (readonly [RegExp, string])[] = [
  [/^((?:ip netns exec \S+ )?ip6?tables)-(?:nft|legacy)/, '$1'],
  [/^((?:ip netns exec \S+ )?ip6?tables) -w 5 -t filter /, '$1 '],
  [/^((?:ip netns exec \S+ )?ip6?tables) -w 5 /, '$1 '],
  [/ -m comment --comment '?nsnet:\S+$/, ''],
  [/ address ([0-9a-f]{2}:){5}[0-9a-f]{2}/g, ''],
  [/ ping -n -c .* -- /, ' ping '],
  [/^ping -n -c .* -- /, 'ping '],
  [/^sysctl (-[eq] )*-w /, 'sysctl -w '],
]

const TABLE = /^create (table \S+ \S+) \{ comment "nsnet:[^"]*"; \}\ntable \S+ \S+ \{/

/** Writes commands for a table: whole where they go to a file or a pipe, else the first one without nsnet's own marks. */
export function commandsIn({ columns }: Screen, commands: readonly Command[]): string {
  if (columns() === Infinity) return commands.map(show).join('; ')
  const [first, ...more] = commands
  if (first === undefined) return ''
  return `${brief(first)}${more.length === 0 ? '' : ` (and ${more.length} more)`}`
}

/** Writes a command in short, for people who have only part of a line for it. */
function brief({ argv, stdin }: Command): string {
  const line = NOISE.reduce((text, [pattern, instead]) => text.replace(pattern, instead), show({ argv }))
  if (stdin === undefined) return line
  return `${programIn(argv)[0]}: ${stdin
    .replace(TABLE, 'create $1 {')
    .replace(/ comment "nsnet:[^"]*"/, '')
    .trim()}`
}
