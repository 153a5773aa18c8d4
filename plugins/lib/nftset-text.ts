import { ofText } from '../../core/memo.ts'
import type { NftTable } from './nft-ruleset.ts'
import { elementsIn } from './nft-text.ts'

/** A named set of a table, as `nft -a -s list ruleset` prints it. */
export interface NftSet {
  readonly handle: number
  readonly comment: string | null
  /** `ipv4_addr . inet_service`; null where the set says `typeof`. */
  readonly type: string | null
  readonly flags: readonly string[]
  /** Its elements end by themselves, or become one with their neighbours: they cannot be told apart. */
  readonly steady: boolean
  readonly elements: readonly NftElement[]
}

/** An element, without its timeout and counter. */
export interface NftElement {
  readonly text: string
  readonly comment: string | null
}

/** Finds a set of a table. */
export const setNamed = ({ body }: NftTable, name: string): NftSet | undefined => setsIn(body).get(name)

const setsIn = ofText((body): ReadonlyMap<string, NftSet> => {
  const blocks = body.matchAll(/^\tset (\S+) \{(?: # handle (\d+))?\n([^]*?)^\t\}$/gm)
  return new Map(Array.from(blocks, ([, name = '', handle, lines = '']) => [name, setOf(Number(handle), lines)]))
})

/** Says whether a rule or an element of a table names a set. */
export const isNamedIn = ({ body }: NftTable, name: string): boolean => usedIn(body).has(name)

const usedIn = ofText(
  (body): ReadonlySet<string> => new Set(Array.from(body.matchAll(/@([A-Za-z][\w./-]*)/g), ([, name]) => name!)),
)

function setOf(handle: number, body: string): NftSet {
  const said = (word: string): string | undefined => new RegExp(`^\\t\\t${word} (.*)$`, 'm').exec(body)?.[1]
  return {
    handle,
    comment: said('comment')?.slice(1, -1) ?? null,
    type: said('type') ?? null,
    flags: (said('flags') ?? '').split(/,\s*/).filter((flag) => flag !== ''),
    steady: said('timeout') === undefined && !/^\t\tauto-merge$/m.test(body),
    elements: elementsOf(body),
  }
}

const elementsOf = (body: string): readonly NftElement[] => {
  const [, list = ''] = /^\t\telements = \{ ([^]*?) \}$/m.exec(body) ?? []
  return list === '' ? [] : elementsIn(list).map(elementOf)
}

function elementOf(text: string): NftElement {
  const [, comment] = / comment "([^"]*)"$/.exec(text) ?? []
  return {
    text: text.replace(/ (timeout|expires|counter|limit|quota|comment|last)( [^]*)?$/, ''),
    comment: comment ?? null,
  }
}
