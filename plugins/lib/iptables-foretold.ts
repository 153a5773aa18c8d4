import type { Earlier, Tally } from '../../core/step.ts'
import { inputOf } from './earlier.ts'
import { targetsOf } from './iptables-index.ts'
import { hashOf, makesChain, meaningOf, tableKey, wordsOf, type IptablesInput } from './iptables-input.ts'
import type { IptablesState } from './iptables-state.ts'

/** What earlier steps do to a table. */
export interface TableSum {
  steps: number
  /** How many of their rules lead to a chain. */
  readonly users: Map<string, number>
  readonly chains: Map<string, ChainSum>
}

interface ChainSum {
  steps: number
  rules: number
  /** The last policy that one of them sets, and its place. */
  policy: { readonly at: number; readonly value: string } | undefined
  /** One of their rules, by what it says. */
  readonly saying: Map<string, string>
}

/** Sums up the steps `iptables` of a table. */
export const iptablesTally: Tally<IptablesInput, IptablesState, TableSum> = {
  over: tableKey,
  begin: () => ({ steps: 0, users: new Map(), chains: new Map() }),
  add(sum, earlier, at) {
    const input = inputOf<IptablesInput>(earlier, 'iptables')
    if (!input) return
    const { chain: name, rule, policy } = input
    const chain = sum.chains.get(name) ?? { steps: 0, rules: 0, policy: undefined, saying: new Map() }
    sum.chains.set(name, chain)
    sum.steps += 1
    chain.steps += 1
    if (policy !== undefined && at >= (chain.policy?.at ?? at)) chain.policy = { at, value: policy }
    if (rule === undefined) return
    const words = wordsOf(rule)
    chain.rules += 1
    for (const text of [hashOf(input), meaningOf(input)]) chain.saying.set(text, words.join(' '))
    for (const to of new Set(targetsOf(words))) sum.users.set(to, (sum.users.get(to) ?? 0) + 1)
  },
  foretell(input, state, { steps, users, chains }) {
    const { around } = state
    const chain = chains.get(input.chain)
    const rest = around.kernel.rest || steps > (chain?.steps ?? 0)
    const table = {
      users: around.users + (users.get(input.chain) ?? 0),
      kernel: { ...around.kernel, table: true, rest },
    }
    if (steps === 0) return state
    if (!chain) return { ...state, around: { ...around, ...table } }
    const same = input.rule === undefined ? undefined : sayingTheSame(input, chain)
    return {
      ...state,
      policy: input.policy === undefined ? null : (chain.policy?.value ?? state.policy),
      chain: makesChain(input) ? (state.chain ?? 0) : null,
      around: {
        ...around,
        ...table,
        chain: chain.policy?.value ?? around.chain ?? '-',
        same: around.same ?? same ?? null,
        rules: around.rules + chain.rules,
        kernel: { ...table.kernel, chain: true },
      },
    }
  },
}

const sayingTheSame = (input: IptablesInput, { saying }: ChainSum): string | undefined =>
  saying.get(hashOf(input)) ?? saying.get(meaningOf(input))

/** By iptables-nft a table that a step `nftables` makes is the one of that name: what iptables makes of it is not known. */
export const foretellBesideNft = (state: IptablesState, { uses, facts }: Earlier): IptablesState | undefined =>
  uses === 'nftables' && facts.iptables === 'nft' ? undefined : state
