import { type Look } from '../../core/step.ts'
import { hashOf, isBuiltIn, makesChain, tagIn, wordsOf, type IptablesInput } from './iptables-input.ts'
import { parseKernelTable } from './iptables-kernel.ts'
import { canonicalRule, NSNET_COMMENT } from './iptables-rules.ts'
import { parseSave, type SavedRule } from './iptables-save.ts'

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
  const { chains, rules } = saved === 'incompatible' ? { chains: {}, rules: [] } : saved
  const kernel = legacy ? null : parseKernelTable(ruleset, family === 'ipv4' ? 'ip' : 'ip6', table)
  const inChain = rules.filter((rule) => rule.chain === chain)
  const mine = inChain.find(({ words }) => commentsIn(words).includes(tagIn(input, context)))
  const others = inChain.filter((rule) => rule !== mine)
  const policy = chains[chain] ?? (isBuiltIn(input) ? 'ACCEPT' : null)
  const otherChains = Object.keys(kernel?.chains ?? {}).filter((name) => name !== chain)
  return {
    ours: mine ? mine.words.join(' ') : null,
    policy: input.policy === undefined ? null : policy,
    chain: makesChain(input) && policy !== null ? (kernel?.chains[chain] ?? 0) : null,
    around: {
      readable: saved !== 'incompatible',
      chain: policy,
      same: sameAs(input, others),
      rules: others.length,
      users: rules.filter(({ words }) => leadsTo(words, chain)).length,
      kernel: {
        table: legacy || kernel !== null,
        chain: legacy || kernel?.chains[chain] !== undefined,
        rest: legacy || otherChains.length > 0 || (kernel?.objects ?? false),
      },
    },
  }
}

const commentsIn = (words: readonly string[]): readonly string[] =>
  words.filter((_, at) => words[at - 1] === '--comment')

/** Says whether a rule jumps or goes to a chain. */
export const leadsTo = (words: readonly string[], chain: string): boolean =>
  words.some((word, at) => word === chain && /^-[jg]$/.test(words[at - 1] ?? ''))

function sameAs(input: IptablesInput, rules: readonly SavedRule[]): string | null {
  if (input.rule === undefined) return null
  const [hash, asked] = [hashOf(input), canonicalRule(wordsOf(input.rule))]
  const same = rules.find(
    ({ words }) =>
      commentsIn(words).some((comment) => NSNET_COMMENT.exec(comment)?.[1] === hash) || canonicalRule(words) === asked,
  )
  return same ? same.words.join(' ') : null
}
