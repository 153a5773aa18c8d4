import type { Earlier, Tally } from '../../core/step.ts'
import { inputOf } from './earlier.ts'
import { askedBy, hashOf, said, tableKeyOf, type NftablesInput } from './nft-input.ts'
import { isManagedByIptables } from './nft-ruleset.ts'
import type { NftablesState } from './nft-state.ts'
import { tokensOf } from './nft-text.ts'

/** What earlier steps do to a table. */
export interface TableSum {
  readonly hashes: Set<string>
  /** What one of them makes the table of. */
  made:
    | { readonly content: string; readonly chains: readonly string[]; readonly lines: ReadonlySet<string> }
    | undefined
}

/** Sums up the steps `nftables` of a table. */
export const nftTally: Tally<NftablesInput, NftablesState, TableSum> = {
  over: tableKeyOf,
  begin: () => ({ hashes: new Set(), made: undefined }),
  add(sum, earlier) {
    const input = inputOf<NftablesInput>(earlier, 'nftables')
    if (!input) return
    const asked = askedBy(input)
    sum.hashes.add(hashOf(asked))
    if (asked.rule !== undefined) return
    const content = said(asked)
    sum.made = { content, chains: chainsIn(asked.body), lines: linesIn(content) }
  },
  foretell(input, state, { hashes, made }) {
    const asked = askedBy(input)
    const { around } = state
    // how the kernel prints a table with the rules of others in it cannot be told
    if (asked.rule === undefined && state.handle !== null && hashes.size > 0) return undefined
    const same = around.same || hashes.has(hashOf(asked))
    if (!made) return { ...state, around: { ...around, same } }
    if (asked.rule === undefined) return { ...state, around: { ...around, table: made.content, same } }
    // the kernel may write that rule otherwise than the step that makes the table
    if (!same && made.lines.has(said(asked))) return undefined
    const managed = around.managed || isManagedByIptables(asked.family, asked.name, made.chains)
    const chain = around.chain || made.chains.includes(asked.chain)
    return { ...state, around: { table: '', chain, same, managed } }
  },
}

/** Lists what may be a rule in the content of a table: behind what opens a chain, and before what closes one. */
const linesIn = (content: string): ReadonlySet<string> =>
  new Set(content.split(/\n|\bchain \S+ \{ ?/).flatMap((line) => [line, line.replace(/ \}$/, '')]))

const chainsIn = (body: string): readonly string[] => {
  const tokens = tokensOf(body)
  return tokens.filter((_, at) => tokens[at - 1] === 'chain')
}

/** By iptables-nft a table that a step `iptables` makes is the one of that name: what nft sees of it is not known. */
export const foretellBesideIptables = (state: NftablesState, { uses, facts }: Earlier): NftablesState | undefined =>
  uses === 'iptables' && facts.iptables === 'nft' ? undefined : state
