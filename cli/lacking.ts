import type { Lacking, RunRegistry } from '../library/plugins.ts'
import type { Terminal } from './terminal.ts'

/** Says which plugins of a run are gone or broken, and what that means: `instead`. */
export function tellOfLacking(terminal: Terminal, { lacking }: RunRegistry, instead: string): void {
  for (const line of lackingLines(lacking, instead)) terminal.tell(line)
}

/** Says it in lines. */
export const lackingLines = (lacking: readonly Lacking[], instead: string): readonly string[] =>
  lacking.map(({ why }) => `  ${why}; ${instead}`)

/** What happens to the steps of a plugin that is gone when they are taken back. */
export const BY_JOURNAL = 'its steps go by the journal'
