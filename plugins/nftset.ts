import type { Command } from '../core/command.ts'
import { inside, keyIn, type ResourceKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, tagOf, type Context, type Plan } from '../core/step.ts'
import { nftsetDocs } from './docs/nftset.ts'
import { inputOf } from './lib/earlier.ts'
import { BUILT_IN } from './lib/iptables-input.ts'
import { askedBy, nftTableKey, type Asked, type NftablesInput } from './lib/nft-input.ts'
import { listRuleset, nft, parseRuleset, tableNamed } from './lib/nft-ruleset.ts'
import { tokensOf } from './lib/nft-text.ts'
import { keyOfParts, partsOf, written } from './lib/nftset-elements.ts'
import { nftsetInput, typesIn, type NftsetInput } from './lib/nftset-input.ts'
import { observeSet, type SetState } from './lib/nftset-state.ts'

/**
 * Makes a named set in an nftables table where it is not there, and adds the elements that it lacks.
 *
 * Set and elements bear the comment `nsnet:RUN/STEP`; those that were there before stay, and so does the set itself at undo
 * while others have elements in it or rules name it. All text goes to nft by its stdin, in one transaction.
 *
 * @see nft(8), SETS
 */
export default defineStep<NftsetInput, SetState>({
  type: 'nftset',
  summary: 'Makes a named set of nftables, or adds elements to one.',
  docs: nftsetDocs,
  input: nftsetInput,
  resources: (wanted) => ({
    creates: asked(wanted).map(({ key }) => keyIn('set', wanted.netns, ...place(wanted), key)),
    uses: inside(wanted.netns),
    shares: [setKey(wanted), nftTableKey(wanted.netns, familyOf(wanted), wanted.table)],
  }),
  probe: ({ netns }) => listRuleset(netns),
  observe: ({ stdout }, wanted, context) =>
    observeSet(tableNamed(parseRuleset(stdout), familyOf(wanted), wanted.table), wanted, tagOf(context)),
  watches: () => [],
  foretell(wanted, state, earlier): SetState | undefined {
    if (earlier.uses === 'iptables') return undefined
    const other = inputOf<NftsetInput>(earlier, 'nftset')
    if (other) return setKey(other) === setKey(wanted) ? undefined : state
    const input = inputOf<NftablesInput>(earlier, 'nftables')
    return input ? besideNftables(wanted, state, askedBy(input)) : state
  },
  plan(wanted, now, context): Plan {
    const trouble = troubleIn(wanted, now)
    if (trouble) return trouble
    const missing = asked(wanted).filter(({ key }) => !now.elements.includes(key))
    if (now.set !== null && missing.length === 0) return nothingToDo
    const made = missing.map(({ key }) => key)
    return {
      apply: [nft(wanted.netns, applying(wanted, now, missing, context))],
      undo: [nft(wanted.netns, now.set === null ? deleting(wanted) : removing(wanted, made))],
    }
  },
  undo(wanted, before, now): readonly Command[] {
    if (now.set === null) return []
    const ours = now.elements.filter((key) => !before.elements.includes(key))
    if (before.set === null && !now.used && !now.guests) return [nft(wanted.netns, deleting(wanted))]
    return ours.length === 0 ? [] : [nft(wanted.netns, removing(wanted, ours))]
  },
  rest: (wanted, before, now) => (before.set === null && now.set !== null ? [setKey(wanted)] : []),
  identity: ({ set }) => set?.handle ?? null,
  mine: (_wanted, before, { set }, { refused }) => (before.set === null && set !== null ? set.own : !refused),
  sketch: (wanted) => [
    {
      draw: 'note',
      netns: wanted.netns,
      text: `set ${wanted.name}: ${wanted.elements === undefined ? wanted.type : wanted.elements.join(', ')}`,
    },
  ],
})

/** Sees a table that an earlier step makes, unless that has a set of this name, and a rule that names the set. */
function besideNftables(wanted: NftsetInput, state: SetState, asked: Asked): SetState | undefined {
  if (asked.family !== familyOf(wanted) || asked.name !== wanted.table) return state
  if (asked.rule !== undefined) return asked.rule.includes(`@${wanted.name}`) ? { ...state, used: true } : state
  const tokens = tokensOf(asked.body)
  const hasIt = tokens.some((token, at) => token === wanted.name && tokens[at - 1] === 'set')
  if (hasIt || asked.name in BUILT_IN) return undefined
  return { ...state, table: true }
}

const familyOf = ({ family = 'ip' }: NftsetInput): string => family

const place = (wanted: NftsetInput): readonly string[] => ['nft', familyOf(wanted), wanted.table, wanted.name]

const setKey = (wanted: NftsetInput): ResourceKey => keyIn('set', wanted.netns, ...place(wanted))

/** The elements as nft takes them, and as they are compared. */
const asked = ({ type, elements = [] }: NftsetInput): readonly { readonly key: string; readonly text: string }[] =>
  elements.map((element) => ({
    key: keyOfParts(partsOf(typesIn(type), `${element}`)!),
    text: written(typesIn(type), `${element}`),
  }))

function troubleIn(wanted: NftsetInput, now: SetState): Plan | undefined {
  const [family, table, name] = [familyOf(wanted), wanted.table, wanted.name]
  if (!now.table)
    return conflict(
      `expected a table ${family} ${table}, found none`,
      'add a step "nftables" with its "ruleset" before it',
    )
  if (now.managed) return conflict(`table ${family} ${table} is managed by iptables-nft`, 'use a table of your own')
  if (now.other !== null)
    return conflict(
      `expected a set ${name} of type ${wanted.type}, found ${now.other}`,
      `name the set differently, or look at it: nft list set ${family} ${table} ${name}`,
    )
  if (now.overlap === null) return undefined
  const element = asked(wanted).find(({ key }) => key === now.overlap)?.text ?? now.overlap
  return conflict(`element ${element} overlaps with one that set ${name} has`, 'write the element as the set has it')
}

function applying(
  wanted: NftsetInput,
  now: SetState,
  missing: readonly { readonly text: string }[],
  context: Context,
): string {
  const comment = `comment "${tagOf(context)}"`
  const flags = (wanted.flags ?? []).length === 0 ? '' : ` flags ${wanted.flags!.join(',')};`
  const where = [familyOf(wanted), wanted.table, wanted.name].join(' ')
  const set = now.set === null ? `create set ${where} { type ${wanted.type};${flags} ${comment}; }\n` : ''
  const each = missing.map(({ text }) => `${text} ${comment}`)
  return each.length === 0 ? set : `${set}add element ${where} { ${each.join(', ')} }\n`
}

function removing(wanted: NftsetInput, keys: readonly string[]): string {
  const texts = asked(wanted).flatMap(({ key, text }) => (keys.includes(key) ? [text] : []))
  return `delete element ${familyOf(wanted)} ${wanted.table} ${wanted.name} { ${texts.join(', ')} }\n`
}

const deleting = (wanted: NftsetInput): string => `delete set ${familyOf(wanted)} ${wanted.table} ${wanted.name}\n`
