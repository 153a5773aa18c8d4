import { grouped } from '../../core/grouped.ts'
import { ofObject, ofText } from '../../core/memo.ts'
import { canonicalRule, NSNET_COMMENT } from './iptables-rules.ts'
import type { SavedRule, SavedTable } from './iptables-save.ts'

/** The rules of a chain by what steps look for: one table has those of many steps. */
export interface ChainIndex {
  readonly rules: readonly SavedRule[]
  /** The first rule with that comment. */
  readonly byComment: ReadonlyMap<string, SavedRule>
}

/** Finds the rules of a chain. */
export const chainIn = (table: SavedTable, chain: string): ChainIndex => chainsOf(table).get(chain) ?? noRules

const noRules: ChainIndex = { rules: [], byComment: new Map() }

/** Counts the rules of a table that jump or go to a chain. */
export const usersIn = (table: SavedTable, chain: string): number => usersOf(table).get(chain) ?? 0

/** Names the chains that a rule jumps or goes to. */
export const targetsOf = (words: readonly string[]): readonly string[] =>
  words.filter((_, at) => /^-[jg]$/.test(words[at - 1] ?? ''))

/**
 * Lists the rules of a chain that say what is asked for: those whose comment of nsnet has its hash, and those that mean the
 * same.
 */
export function sayingTheSame(chain: ChainIndex, hash: string, canonical: string): readonly SavedRule[] {
  const { byHash, byMeaning } = meaningsOf(chain)
  return [...(byHash.get(hash) ?? []), ...(byMeaning.get(canonical) ?? [])]
}

const chainsOf = ofObject(({ rules }: SavedTable): ReadonlyMap<string, ChainIndex> => {
  const chains = grouped(rules, ({ chain }) => [chain])
  return new Map(
    [...chains].map(([name, inChain]) => {
      const commented = inChain.toReversed().flatMap((rule) => commentsIn(rule).map((text) => [text, rule] as const))
      return [name, { rules: inChain, byComment: new Map(commented) }]
    }),
  )
})

const usersOf = ofObject(
  ({ rules }: SavedTable) =>
    new Map([...grouped(rules, ({ words }) => [...new Set(targetsOf(words))])].map(([to, { length }]) => [to, length])),
)

const meaningsOf = ofObject(({ rules }: ChainIndex) => ({
  byHash: grouped(rules, (rule) => commentsIn(rule).flatMap((comment) => NSNET_COMMENT.exec(comment)?.[1] ?? [])),
  byMeaning: grouped(rules, ({ words }) => [meaningOf(words.join('\0'))]),
}))

/** A table is read again and again, and most of its rules are the same. */
const meaningOf = ofText((words) => canonicalRule(words.split('\0')))

const commentsIn = ({ words }: SavedRule): readonly string[] => words.filter((_, at) => words[at - 1] === '--comment')
