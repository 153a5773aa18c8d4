import { HANDLE } from '../core/command.ts'
import { inside, keyIn, type ResourceKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Context } from '../core/step.ts'
import { nftablesDocs } from './docs/nftables.ts'
import { BUILT_IN, tableKey, type IptablesInput } from './lib/iptables-input.ts'
import { UNKNOWN } from './lib/ip-json.ts'
import { foretellBesideIptables, nftTally } from './lib/nft-foretold.ts'
import {
  askedBy,
  hashOf,
  nftablesInput,
  said,
  tableKeyOf,
  tagIn,
  type Asked,
  type NftablesInput,
} from './lib/nft-input.ts'
import { listRuleset, nft, parseRuleset, tableNamed } from './lib/nft-ruleset.ts'
import { sketchNftables } from './lib/nft-sketch.ts'
import { observeRule, observeTable, type NftablesState } from './lib/nft-state.ts'

/**
 * Makes an nftables table with all that is in it, or adds one rule to an existing chain.
 *
 * Both are found by their comment `nsnet:RUN/STEP:HASH` and taken away by their handle. A table or rule that says the same
 * satisfies the step, whoever made it; a table of that name with other content is a conflict. All text goes to nft by its
 * stdin, in one transaction.
 *
 * @see nft(8)
 */
export default defineStep<NftablesInput, NftablesState>({
  type: 'nftables',
  summary: 'Makes an nftables table, or adds a rule to an existing chain.',
  docs: nftablesDocs,
  input: nftablesInput,
  resources(input) {
    const asked = askedBy(input)
    const table = tableKeyOf(input)
    if (asked.rule === undefined) return { creates: [table], uses: inside(input.netns) }
    const rule = keyIn('rule', input.netns, 'nft', asked.family, asked.name, asked.chain, hashOf(asked))
    return { creates: [rule], uses: inside(input.netns), shares: [table] }
  },
  probe: ({ netns }) => listRuleset(netns),
  observe({ stdout }, input, context) {
    const asked = askedBy(input)
    const table = tableNamed(parseRuleset(stdout), asked.family, asked.name)
    return asked.rule === undefined ? observeTable(table, asked, context) : observeRule(table, asked, context)
  },
  foretell: (_, state, earlier) => foretellBesideIptables(state, earlier),
  watches: (input) => iptablesTablesLike(input),
  tally: nftTally,
  outcome: (input, { around }) => ({ handle: UNKNOWN, text: said(askedBy(input)), around }),
  plan(input, { handle, around }, context) {
    if (handle !== null || around.same) return nothingToDo
    const asked = askedBy(input)
    const trouble = asked.rule === undefined ? tableTrouble(asked, around) : ruleTrouble(asked, around)
    if (trouble) return trouble
    return {
      apply: [nft(input.netns, applying(input, asked, context))],
      undo: [nft(input.netns, deleting(asked, HANDLE))],
    }
  },
  undo(input, before, now) {
    if (before.handle !== null || now.handle === null) return []
    return [nft(input.netns, deleting(askedBy(input), now.handle))]
  },
  commentOfHandle: (input, context) => tagIn(askedBy(input), context),
  identity: ({ handle }) => handle,
  sketch: sketchNftables,
  drift: (input, after, { handle, text }) =>
    handle === null || !after || after.text === text ? undefined : `${nameOf(askedBy(input))} says something else now`,
})

/** Keys the table of iptables that iptables-nft keeps in a table of this name. */
function iptablesTablesLike(input: NftablesInput): readonly ResourceKey[] {
  const { family, name } = askedBy(input)
  const table = name as IptablesInput['table']
  if (!(name in BUILT_IN) || !/^ip6?$/.test(family)) return []
  return [tableKey({ netns: input.netns, family: family === 'ip' ? 'ipv4' : 'ipv6', table })]
}

function tableTrouble({ family, name }: Asked, { table }: NftablesState['around']) {
  if (table === null) return undefined
  const content = table === '' ? 'empty' : `"${table.replaceAll('\n', '; ').slice(0, 200)}"`
  return conflict(
    `expected no table ${family} ${name}, or the same one; the one that is there is ${content}`,
    `name the table differently, or look at it: nft list table ${family} ${name}`,
  )
}

function ruleTrouble(asked: Asked & { readonly chain: string }, { table, chain, managed }: NftablesState['around']) {
  const name = `${asked.family} ${asked.name}`
  if (table === null) return conflict(`expected a table ${name}, found none`, 'add a step with its "ruleset" before it')
  if (!chain) return conflict(`expected a chain ${asked.chain} in table ${name}, found none`)
  if (!managed) return undefined
  return conflict(`table ${name} is managed by iptables-nft`, 'use the step "iptables" for it, or a table of your own')
}

/**
 * Fails when a table of that name has appeared since. The content comes in a block of its own: nft 1.0.6 takes the comment
 * of `create table … { … }` and silently leaves out the rest.
 */
function applying({ position }: NftablesInput, asked: Asked, context: Context): string {
  const comment = `comment "${tagIn(asked, context)}"`
  const where = `${asked.family} ${asked.name}`
  if (asked.rule === undefined) return `create table ${where} { ${comment}; }\ntable ${where} {\n\t${asked.body}\n}\n`
  return `${position === 'first' ? 'insert' : 'add'} rule ${where} ${asked.chain} ${asked.rule.trim()} ${comment}\n`
}

/** Before the kernel has given it a handle, HANDLE stands for it, which nft refuses: only `undo` knows it. */
function deleting(asked: Asked, handle: number | typeof HANDLE): string {
  if (asked.rule === undefined) return `delete table ${asked.family} handle ${handle}\n`
  return `delete rule ${asked.family} ${asked.name} ${asked.chain} handle ${handle}\n`
}

const nameOf = ({ family, name, ...asked }: Asked): string =>
  asked.rule === undefined ? `table ${family} ${name}` : `the rule in table ${family} ${name}`
