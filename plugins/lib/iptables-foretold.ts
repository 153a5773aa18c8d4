import type { Earlier } from '../../core/step.ts'
import { inputOf } from './earlier.ts'
import { hashOf, makesChain, wordsOf, type IptablesInput } from './iptables-input.ts'
import { canonicalRule } from './iptables-rules.ts'
import { leadsTo, type IptablesState } from './iptables-state.ts'

/** Says what a step `iptables` will see once an earlier one in the same table is applied. */
export function foretellIptables(input: IptablesInput, state: IptablesState, earlier: Earlier): IptablesState {
  const other = inputOf<IptablesInput>(earlier, 'iptables')
  if (!other || other.netns !== input.netns || other.family !== input.family || other.table !== input.table)
    return state
  const { around } = state
  const words = wordsOf(other.rule ?? [])
  const kernel = { ...around.kernel, table: true }
  const users = around.users + (leadsTo(words, input.chain) ? 1 : 0)
  if (other.chain !== input.chain) return { ...state, around: { ...around, users, kernel: { ...kernel, rest: true } } }
  return {
    ...state,
    policy: input.policy === undefined ? null : (other.policy ?? state.policy),
    chain: makesChain(input) ? (state.chain ?? 0) : null,
    around: {
      ...around,
      chain: other.policy ?? around.chain ?? '-',
      same: around.same ?? (saysTheSame(input, other) ? words.join(' ') : null),
      rules: around.rules + (other.rule === undefined ? 0 : 1),
      users,
      kernel: { ...kernel, chain: true },
    },
  }
}

function saysTheSame(input: IptablesInput, other: IptablesInput): boolean {
  if (input.rule === undefined || other.rule === undefined) return false
  return hashOf(input) === hashOf(other) || canonicalRule(wordsOf(input.rule)) === canonicalRule(wordsOf(other.rule))
}
