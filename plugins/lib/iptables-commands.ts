import { inNetns, type Command } from '../../core/command.ts'
import type { Context } from '../../core/step.ts'
import { BUILT_IN, isBuiltIn, makesChain, tagIn, wordsOf, type IptablesInput } from './iptables-input.ts'
import type { IptablesState } from './iptables-state.ts'
import { nft } from './nft-ruleset.ts'

/** Lists what to look with; `-save` prints all tables, so that all steps of one family share the probe. */
export function probing(
  { netns, family }: IptablesInput,
  { facts: { iptables: backend } }: Context,
): readonly Command[] {
  if (backend === 'none') return []
  const save = { argv: inNetns(netns, [`${programOf(family, backend)}-save`]) }
  const ruleset = { argv: inNetns(netns, ['nft', '-j', '-t', '-s', 'list', 'ruleset']) }
  return backend === 'nft' ? [save, ruleset] : [save]
}

/** Adds the rule, sets the policy or makes the chain. */
export function applying(input: IptablesInput, context: Context): Command {
  const { chain, rule, position, policy } = input
  if (policy !== undefined) return iptables(input, context, '-P', chain, policy)
  if (rule === undefined) return iptables(input, context, '-N', chain)
  const where = position === undefined ? ['-A', chain] : ['-I', chain, `${position}`]
  return iptables(input, context, ...where, ...spec(input, context))
}

const spec = (input: IptablesInput, context: Context): readonly string[] =>
  wordsOf(input.rule ?? []).concat('-m', 'comment', '--comment', tagIn(input, context))

/** Takes back what applying the step now will do, when nobody else does anything in between. */
export const takingBackLater = (input: IptablesInput, now: IptablesState, context: Context): readonly Command[] =>
  takingBack(input, now, afterwards(input, now), context)

/**
 * Takes the rule, policy or chain away, then the chain and the table that came with it, where nobody else uses them.
 *
 * iptables refuses to delete a chain that has rules, a policy or users by then.
 */
export function takingBack(
  input: IptablesInput,
  before: IptablesState,
  now: IptablesState,
  context: Context,
): readonly Command[] {
  const { chain } = input
  const commands: Command[] = []
  if (before.ours === null && now.ours !== null)
    commands.push(iptables(input, context, '-D', chain, ...spec(input, context)))
  const policyBack = policyToRestore(before, now)
  if (policyBack !== undefined) commands.push(iptables(input, context, '-P', chain, policyBack))
  const chainGoes = chainCanGo(input, before, now, policyBack ?? now.around.chain, context)
  if (chainGoes) commands.push(iptables(input, context, '-X', chain))
  const emptied = !now.around.kernel.rest && (chainGoes || !now.around.kernel.chain)
  const tableIsNew = !before.around.kernel.table && now.around.kernel.table
  if (isNft(context) && tableIsNew && emptied) commands.push(deleteTable(input))
  return commands
}

function policyToRestore(before: IptablesState, now: IptablesState): string | undefined {
  if (before.policy === null || now.policy === null || before.policy === now.policy) return undefined
  return before.policy
}

function chainCanGo(
  input: IptablesInput,
  before: IptablesState,
  now: IptablesState,
  policy: string | null,
  context: Context,
): boolean {
  if (now.around.rules > 0) return false
  if (makesChain(input)) return before.around.chain === null && now.around.chain !== null && now.around.users === 0
  const cameInPassing = !before.around.kernel.chain && now.around.kernel.chain
  return isNft(context) && isBuiltIn(input) && cameInPassing && policy === 'ACCEPT'
}

/** What there will be once the step is applied and nobody else has done anything. */
export function afterwards(input: IptablesInput, before: IptablesState): IptablesState {
  const { around } = before
  return {
    ours: input.rule === undefined ? null : '',
    policy: input.policy ?? null,
    chain: makesChain(input) ? 0 : null,
    around: {
      ...around,
      chain: input.policy ?? around.chain ?? '-',
      kernel: { table: true, chain: true, rest: around.kernel.rest },
    },
  }
}

const programOf = (family: IptablesInput['family'], backend: 'nft' | 'legacy' | 'none'): string =>
  `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${backend}`

function iptables({ netns, family, table }: IptablesInput, { facts }: Context, ...args: readonly string[]): Command {
  return { argv: inNetns(netns, [programOf(family, facts.iptables), '-w', '5', '-t', table, ...args]) }
}

const isNft = ({ facts }: Context): boolean => facts.iptables === 'nft'

/** Deletes a table, in one transaction that fails when any of its built-in chains is there again by now. */
function deleteTable({ netns, family, table }: IptablesInput): Command {
  const name = `${family === 'ipv4' ? 'ip' : 'ip6'} ${table}`
  const guards = (BUILT_IN[table] ?? []).map((chain) => `create chain ${name} ${chain}\n`)
  return nft(netns, `${guards.join('')}delete table ${name}\n`)
}
