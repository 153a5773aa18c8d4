import { createHash } from 'node:crypto'
import { HANDLE, inNetns, type Command } from '../core/command.ts'
import { inside, keyIn } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, tagOf, type Context } from '../core/step.ts'
import { nftablesDocs } from './docs/nftables.ts'
import { inputOf } from './lib/earlier.ts'
import { askedBy, nftablesInput, type Asked, type NftablesInput } from './lib/nft-input.ts'
import { isManagedByIptables, parseRuleset, type NftTable } from './lib/nft-ruleset.ts'
import { normal, tokensOf } from './lib/nft-text.ts'
import { sketchNftables } from './lib/nft-sketch.ts'

/** What an nftables step sees. */
export type NftablesState = {
  /** Handle of the table or rule that this very step made; null when it is not there. */
  readonly handle: number | null
  /** What that table or rule says, without handles, counters and nsnet's comments; null when it is not there. */
  readonly text: string | null
  /** What is not the step's, and decides whether there is something to do. */
  readonly around: {
    /** Content of somebody else's table of that name; for a rule, the empty text when its table is there. */
    readonly table: string | null
    /** The chain that a rule goes to is there. */
    readonly chain: boolean
    /** Somebody else's table or rule says the same. */
    readonly same: boolean
    /** iptables-nft works on the table: a rule that nft writes there makes it unreadable for iptables. */
    readonly managed: boolean
  }
}

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
    const table = keyIn('table', input.netns, 'nft', asked.family, asked.name)
    if (asked.rule === undefined) return { creates: [table], uses: inside(input.netns) }
    const rule = keyIn('rule', input.netns, 'nft', asked.family, asked.name, asked.chain, hashOf(asked))
    return { creates: [rule], uses: inside(input.netns), shares: [table] }
  },
  probe: ({ netns }) => ({ argv: inNetns(netns, ['nft', '-a', '-s', 'list', 'ruleset']) }),
  observe({ stdout }, input, context) {
    const asked = askedBy(input)
    const table = parseRuleset(stdout).find(({ family, name }) => family === asked.family && name === asked.name)
    return asked.rule === undefined ? observeTable(table, asked, context) : observeRule(table, asked, context)
  },
  foretell(input, state, earlier) {
    const other = inputOf<NftablesInput>(earlier, 'nftables')
    const [asked, made] = [askedBy(input), other && askedBy(other)]
    if (!made || other?.netns !== input.netns || made.family !== asked.family || made.name !== asked.name) return state
    return { ...state, around: aroundAfter(asked, state.around, made) }
  },
  plan(input, { handle, around }, context) {
    if (handle !== null || around.same) return nothingToDo
    const asked = askedBy(input)
    const trouble = asked.rule === undefined ? tableTrouble(asked, around) : ruleTrouble(asked, around)
    if (trouble) return trouble
    return { apply: [nft(input, applying(input, asked, context))], undo: [nft(input, deleting(asked, HANDLE))] }
  },
  undo(input, before, now) {
    if (before.handle !== null || now.handle === null) return []
    return [nft(input, deleting(askedBy(input), now.handle))]
  },
  commentOfHandle: (input, context) => tag(askedBy(input), context),
  identity: ({ handle }) => handle,
  sketch: sketchNftables,
  drift: (input, after, { handle, text }) =>
    handle === null || !after || after.text === text ? undefined : `${nameOf(askedBy(input))} says something else now`,
})

const absent: NftablesState = {
  handle: null,
  text: null,
  around: { table: null, chain: false, same: false, managed: false },
}

/** What is around a table or rule once another step has made its own. */
function aroundAfter(asked: Asked, around: NftablesState['around'], made: Asked): NftablesState['around'] {
  const same = around.same || hashOf(made) === hashOf(asked)
  if (made.rule !== undefined) return { ...around, same }
  if (asked.rule === undefined) return { ...around, table: said(made), same }
  return { ...around, table: '', chain: around.chain || hasChain(made.body, asked.chain) }
}

const hasChain = (body: string, chain: string): boolean => {
  const tokens = tokensOf(body)
  return tokens.some((token, at) => token === 'chain' && tokens[at + 1] === chain)
}

function observeTable(table: NftTable | undefined, asked: Asked, context: Context): NftablesState {
  if (!table) return absent
  const { handle, text, comment } = table
  if (comment === tag(asked, context)) return { ...absent, handle, text }
  const same = hashIn(comment) === hashOf(asked) || text === said(asked)
  return { ...absent, around: { ...absent.around, table: text, same } }
}

function observeRule(table: NftTable | undefined, asked: Asked, context: Context): NftablesState {
  if (!table || asked.rule === undefined) return absent
  const rules = table.chains[asked.chain]
  const mine = rules?.find(({ comment }) => comment === tag(asked, context))
  const others = rules?.filter((rule) => rule !== mine) ?? []
  const same = others.some(({ comment, text }) => hashIn(comment) === hashOf(asked) || text === said(asked))
  return {
    handle: mine?.handle ?? null,
    text: mine?.text ?? null,
    around: { table: '', chain: rules !== undefined, same, managed: isManaged(table) },
  }
}

const isManaged = ({ family, name, chains }: NftTable): boolean =>
  isManagedByIptables(family, name, Object.keys(chains))

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
  const comment = `comment "${tag(asked, context)}"`
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

const nft = ({ netns }: NftablesInput, stdin: string): Command => ({ argv: inNetns(netns, ['nft', '-f', '-']), stdin })

const said = (asked: Asked): string => normal(asked.rule ?? asked.body)

const hashOf = (asked: Asked): string => {
  const { family, name } = asked
  const where = asked.rule === undefined ? [family, name] : [family, name, asked.chain]
  return createHash('sha256')
    .update(JSON.stringify([...where, said(asked)]))
    .digest('hex')
    .slice(0, 6)
}

const tag = (asked: Asked, context: Context): string => `${tagOf(context)}:${hashOf(asked)}`

const hashIn = (comment: string | null): string | undefined => /^nsnet:\S+:([0-9a-f]{6})$/.exec(comment ?? '')?.[1]
