import { type Look } from '../../core/step.ts'
import { chainIn, sayingTheSame, usersIn, type ChainIndex } from './iptables-index.ts'
import { hashOf, isBuiltIn, makesChain, meaningOf, tagIn, type IptablesInput } from './iptables-input.ts'
import { parseKernelTable } from './iptables-kernel.ts'
import { parseSave, type SavedRule, type SavedTable } from './iptables-save.ts'

/** What an iptables step sees. */
export type IptablesState = {
  /** The rule that this very step made, as `iptables-save` writes it; null when it is not there. */
  readonly ours: string | null
  /** Policy of the built-in chain, for a step that sets it; null for other steps. */
  readonly policy: string | null
  /** nft handle of the own chain, for a step that makes one (0 by iptables-legacy); null when it is not there. */
  readonly chain: number | null
  /** What is not the step's, and decides what it may do and how far it may go back. */
  readonly around: {
    /** `-save` prints the table; false when it says that it cannot. */
    readonly readable: boolean
    /** Policy of the chain, `-` for an own chain; null when there is no such chain. */
    readonly chain: string | null
    /** Somebody else's rule in the chain that says the same. */
    readonly same: string | null
    /** Rules of others in the chain. */
    readonly rules: number
    /** Rules in the table that jump or go to the chain. */
    readonly users: number
    /** What the kernel has behind it by nftables; all true by iptables-legacy, which never takes tables away. */
    readonly kernel: { readonly table: boolean; readonly chain: boolean; readonly rest: boolean }
  }
}

/** Reads a step's state from what `iptables-save` and (by iptables-nft) `nft -j list ruleset` printed. */
export function observeIptables(input: IptablesInput, { outputs, ...context }: Look): IptablesState {
  const { table, chain, family } = input
  const legacy = context.facts.iptables === 'legacy'
  const [save = '', ruleset = ''] = outputs.map(({ stdout }) => stdout)
  const saved = parseSave(save, table)
  const seen = saved === 'incompatible' ? nothingSaved : saved
  const kernel = legacy ? null : parseKernelTable(ruleset, family === 'ipv4' ? 'ip' : 'ip6', table)
  const inChain = chainIn(seen, chain)
  const mine = inChain.byComment.get(tagIn(input, context))
  const policy = seen.chains[chain] ?? (isBuiltIn(input) ? 'ACCEPT' : null)
  const hasChain = kernel?.chains.has(chain) ?? false
  return {
    ours: mine ? mine.words.join(' ') : null,
    policy: input.policy === undefined ? null : policy,
    chain: makesChain(input) && policy !== null ? (kernel?.chains.get(chain) ?? 0) : null,
    around: {
      readable: saved !== 'incompatible',
      chain: policy,
      same: sameAs(input, inChain, mine),
      rules: inChain.rules.length - (mine ? 1 : 0),
      users: usersIn(seen, chain),
      kernel: {
        table: legacy || kernel !== null,
        chain: legacy || hasChain,
        rest: legacy || (kernel !== null && (kernel.objects || kernel.chains.size > (hasChain ? 1 : 0))),
      },
    },
  }
}

const nothingSaved: SavedTable = { chains: {}, rules: [] }

function sameAs(input: IptablesInput, chain: ChainIndex, mine: SavedRule | undefined): string | null {
  if (input.rule === undefined) return null
  const same = sayingTheSame(chain, hashOf(input), meaningOf(input)).find((rule) => rule !== mine)
  return same ? same.words.join(' ') : null
}
