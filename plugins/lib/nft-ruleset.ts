import { inNetns, type Command } from '../../core/command.ts'
import { grouped } from '../../core/grouped.ts'
import { ofObject, ofText } from '../../core/memo.ts'
import { expectLines } from './expect-lines.ts'
import { elementsIn, normal } from './nft-text.ts'

/** A table as `nft -a -s list ruleset` prints it. */
export interface NftTable {
  readonly family: string
  readonly name: string
  readonly handle: number
  readonly comment: string | null
  /** Its content by `normal()`: without handles, its comment, rules that nsnet steps added, and learnt set elements. */
  readonly text: string
  readonly chains: { readonly [name: string]: readonly NftRule[] }
  /** Its content as it was printed. */
  readonly body: string
}

/** A rule of a chain. */
export interface NftRule {
  readonly handle: number
  readonly comment: string | null
  /** By `normal()`, without its comment. */
  readonly text: string
}

/** Lists all tables of a netns, with handles and without counters: steps ask it in the same words, so that a look asks it once. */
export const listRuleset = (netns: string | undefined): Command => ({
  argv: inNetns(netns, ['nft', '-a', '-s', 'list', 'ruleset']),
})

/** Has nft do what a text says: all of it, or nothing. */
export const nft = (netns: string | undefined, stdin: string): Command => ({
  argv: inNetns(netns, ['nft', '-f', '-']),
  stdin,
})

/** Reads what `nft -a -s list ruleset` printed. @throws when that is no ruleset @see nft(8) */
export const parseRuleset = ofText((stdout): readonly NftTable[] => {
  expectLines(stdout.replace(TABLE, ''), /^$/, 'tables of nft')
  const blocks = stdout.matchAll(TABLE)
  return Array.from(blocks, ([, family = '', name = '', handle, body = '']) => ({
    family,
    name,
    handle: Number(handle),
    comment: /^\tcomment "([^"]*)"$/m.exec(body)?.[1] ?? null,
    text: contentOf(body),
    chains: chainsOf(body),
    body,
  }))
})

/** Finds a table. */
export const tableNamed = (tables: readonly NftTable[], family: string, name: string): NftTable | undefined =>
  byName(tables).get(`${family} ${name}`)

const byName = ofObject(
  (tables: readonly NftTable[]) => new Map(tables.map((table) => [`${table.family} ${table.name}`, table])),
)

/** Finds the first rule of a chain that has this comment. */
export const ruleOfComment = (rules: readonly NftRule[], comment: string): NftRule | undefined =>
  byComment(rules).get(comment)?.[0]

/** Says whether a chain has a rule other than that one that says this, or whose comment of nsnet has that hash. */
export const saysElsewhere = (rules: readonly NftRule[], mine: NftRule | undefined, text: string, hash: string) =>
  [...(byText(rules).get(text) ?? []), ...(byHash(rules).get(hash) ?? [])].some((rule) => rule !== mine)

/** Gives the hash in a comment of nsnet. */
export const hashIn = (comment: string | null): string | undefined =>
  /^nsnet:\S+:([0-9a-f]{6})$/.exec(comment ?? '')?.[1]

const byComment = ofObject((rules: readonly NftRule[]) => grouped(rules, ({ comment }) => [comment]))

const byText = ofObject((rules: readonly NftRule[]) => grouped(rules, ({ text }) => [text]))

const byHash = ofObject((rules: readonly NftRule[]) => grouped(rules, ({ comment }) => [hashIn(comment)]))

/** Says whether iptables-nft works on a table: it makes its tables with chains in capitals; nft only warns of them. */
export const isManagedByIptables = (family: string, name: string, chains: readonly string[]): boolean =>
  /^ip6?$/.test(family) &&
  /^(filter|nat|mangle|raw|security)$/.test(name) &&
  chains.some((chain) => /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(chain))

const TABLE = /^table (\S+) (\S+) \{(?: # handle (\d+))?\n([^]*?)^\}$/gm

function contentOf(body: string): string {
  const own = body
    .replace(/^\tcomment "[^"]*"$/m, '')
    .replace(/^\t\t.* comment "nsnet:[^"]*" # handle \d+\n/gm, '')
    .replace(/^\tset [^]*?^\t\}\n/gm, withoutSteps)
    .replace(/^\t(?:set|map) [^]*?^\t\}$/gm, withoutLearnt)
  return normal(own.replace(/ # handle \d+$/gm, ''))
}

/** Leaves out a set that a step `nftset` made, and of another one the elements that such steps have added. */
function withoutSteps(set: string): string {
  if (/^\t\tcomment "nsnet:/m.test(set)) return ''
  return set.replace(/^\t\telements = \{ ([^]*?) \}\n/m, (whole, list: string) => {
    const left = elementsIn(list).filter((element) => !/ comment "nsnet:[^"]*"$/.test(element))
    if (left.length === 0) return ''
    return whole.includes('comment "nsnet:') ? `\t\telements = { ${left.join(', ')} }\n` : whole
  })
}

/** Leaves out the elements of a set that packets fill, or whose elements end by themselves. */
const withoutLearnt = (set: string): string =>
  /^\t\tflags .*\b(dynamic|timeout)\b/m.test(set) ? set.replace(/^\t\telements = \{[^}]*\}\n/m, '') : set

function chainsOf(body: string): { readonly [name: string]: readonly NftRule[] } {
  const blocks = body.matchAll(/^\tchain (\S+) \{(?: # handle \d+)?\n([^]*?)^\t\}$/gm)
  return Object.fromEntries(Array.from(blocks, ([, name = '', lines = '']) => [name, rulesOf(lines)]))
}

function rulesOf(lines: string): readonly NftRule[] {
  const rules = lines.replace(/^\t\t(?:type .*;|comment "[^"]*")\n/gm, '')
  return Array.from(rules.matchAll(/^\t\t([^]*?) # handle (\d+)$/gm), ([, line = '', handle]) => {
    const [whole, comment] = / comment "([^"]*)"$/.exec(line) ?? ['']
    return {
      handle: Number(handle),
      comment: comment ?? null,
      text: normal(line.slice(0, line.length - whole.length)),
    }
  })
}
