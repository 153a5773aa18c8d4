import { ofObject } from '../core/memo.ts'
import { inside, keyIn } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Context, type Plan } from '../core/step.ts'
import { SEE_DOCTOR } from '../core/tools.ts'
import { iptablesDocs } from './docs/iptables.ts'
import { afterwards, applying, probing, takingBack, takingBackLater } from './lib/iptables-commands.ts'
import { hashOf, iptablesInput, makesChain, tableKey, type IptablesInput } from './lib/iptables-input.ts'
import { foretellBesideNft, iptablesTally } from './lib/iptables-foretold.ts'
import { observeIptables, type IptablesState } from './lib/iptables-state.ts'
import { nftTableKey } from './lib/nft-input.ts'
import { sketchIptables } from './lib/iptables-sketch.ts'
import { whoHoldsTheLock } from './lib/xtables-lock.ts'

/**
 * Adds a rule to an iptables chain, sets the policy of a built-in chain, or makes an own chain.
 *
 * A rule is found by its comment `nsnet:RUN/STEP:HASH`; one that says the same satisfies the step, whoever made it. By
 * iptables-nft the first rule of a table makes the table and the base chain in passing: undo takes them away again when
 * nothing of others is in them.
 *
 * @see iptables(8), iptables-extensions(8), iptables-save(8)
 */
export default defineStep<IptablesInput, IptablesState>({
  type: 'iptables',
  summary: 'Adds an iptables rule, sets the policy of a built-in chain, or makes an own chain.',
  docs: iptablesDocs,
  input: iptablesInput,
  resources: (input) => ({
    creates: createdBy(input),
    uses: inside(input.netns),
    shares: [tableKey(input)].concat(
      input.policy === undefined ? [] : [keyIn('chain', input.netns, input.family, input.table, input.chain)],
    ),
  }),
  probe: probing,
  observe: (_, input, look) => observeIptables(input, look),
  foretell: (_, state, earlier) => foretellBesideNft(state, earlier),
  watches: ({ netns, family, table }) => [nftTableKey(netns, family === 'ipv4' ? 'ip' : 'ip6', table)],
  tally: iptablesTally,
  outcome: afterwards,
  changes: ({ chain, policy }, now) =>
    policy === undefined ? [] : [{ what: `policy of ${chain}`, from: now.policy, to: policy }],
  plan(input, now, context) {
    const trouble = troubleOf(input, now, context)
    if (trouble) return trouble
    if (holds(input, now)) return nothingToDo
    return { apply: [applying(input, context)], undo: takingBackLater(input, now, context) }
  },
  undo: takingBack,
  rest: (input, before, { around }) => [
    ...(makesChain(input) && before.around.chain === null && around.chain !== null ? createdBy(input) : []),
    ...(!before.around.kernel.table && around.kernel.table ? [tableKey(input)] : []),
  ],
  sketch: sketchIptables,
  diagnosis: whoHoldsTheLock,
  identity: ({ ours, chain }) => ours ?? chain,
  // a rule says by its comment whose it is; a chain that the kernel refused to make is somebody else's
  mine: (_input, _before, { ours }, { refused }) => ours !== null || !refused,
})

const createdBy = ofObject((input: IptablesInput) => {
  const { netns, family, table, chain, rule, policy } = input
  if (rule !== undefined) return [keyIn('rule', netns, family, table, chain, hashOf(input))]
  return policy === undefined ? [keyIn('chain', netns, family, table, chain)] : []
})

function troubleOf(input: IptablesInput, { around, policy, ours }: IptablesState, context: Context): Plan | undefined {
  const { table, chain, rule, position = 1 } = input
  if (context.facts.iptables === 'none')
    return conflict(
      'no iptables is installed',
      `install the package "iptables", or use the step "nftables"\n${SEE_DOCTOR}`,
    )
  if (!around.readable)
    return conflict(`table ${table} holds rules that iptables cannot express`, 'look at it with nft')
  if (makesChain(input) || policy !== null || ours !== null || around.same !== null) return undefined
  if (around.chain === null)
    return conflict(
      `expected a chain ${chain} in table ${table}, found none`,
      `add a step { "uses": "iptables", "with": { "table": "${table}", "chain": "${chain}" } } before it`,
    )
  if (rule !== undefined && position > around.rules + 1)
    return conflict(`expected a position from 1 to ${around.rules + 1} in chain ${chain}, got ${position}`)
  return undefined
}

function holds(input: IptablesInput, { ours, policy, around }: IptablesState): boolean {
  if (input.rule !== undefined) return ours !== null || around.same !== null
  return input.policy === undefined ? around.chain !== null : policy === input.policy
}
