import { printable, quote } from '../core/quote.ts'
import type { InputOptions } from './given.ts'
import type { GlobalOptions } from './terminal.ts'

/** Writes a command of nsnet for people to type; runs that are kept elsewhere are found there. */
export function toType({ stateDir }: Pick<GlobalOptions, 'stateDir'>, ...words: readonly string[]): string {
  const where = stateDir === undefined ? [] : ['--state-dir', stateDir]
  return ['nsnet', ...words, ...where].map((word) => printable(quote(word))).join(' ')
}

/** Lists the words that give the inputs once more. */
export const inputWords = ({ set = [], setFile }: InputOptions): readonly string[] => [
  ...set.flatMap((it) => ['--set', it]),
  ...(setFile === undefined ? [] : ['--set-file', setFile]),
]
