import { isManagedByIptables, type NftTable } from './nft-ruleset.ts'
import { keyOfParts, overlap, partsOf, type Part } from './nftset-elements.ts'
import { typesIn, type NftsetInput } from './nftset-input.ts'
import { isNamedIn, setNamed, type NftSet } from './nftset-text.ts'

/** What an nftset step sees. */
export type SetState = {
  /** The table is there. */
  readonly table: boolean
  /** iptables-nft works on the table. */
  readonly managed: boolean
  /** The set; `own` when this very step made it. */
  readonly set: { readonly handle: number; readonly own: boolean } | null
  /** What is wrong with a set of that name; null when nothing is. */
  readonly other: string | null
  /** Those of the elements asked for that are there. */
  readonly elements: readonly string[]
  /** There are others than those. */
  readonly guests: boolean
  /** An element asked for that meets others of the set, and is none of them. */
  readonly overlap: string | null
  /** Rules name the set. */
  readonly used: boolean
}

const absent: SetState = {
  table: false,
  managed: false,
  set: null,
  other: null,
  elements: [],
  guests: false,
  overlap: null,
  used: false,
}

/** Sees the set that a step asks for, in its table. */
export function observeSet(table: NftTable | undefined, wanted: NftsetInput, tag: string): SetState {
  if (!table) return absent
  const managed = isManagedByIptables(table.family, table.name, Object.keys(table.chains))
  const set = setNamed(table, wanted.name)
  if (!set) return { ...absent, table: true, managed }
  const seen = {
    ...absent,
    table: true,
    managed,
    set: { handle: set.handle, own: set.comment === tag },
    used: isNamedIn(table, wanted.name),
  }
  const other = otherThan(wanted, set)
  return other === undefined ? { ...seen, ...elementsIn(wanted, set) } : { ...seen, other }
}

function otherThan({ type, flags = [] }: NftsetInput, set: NftSet): string | undefined {
  if (set.type === null || set.type !== typesIn(type).join(' . ')) return `one of type ${set.type ?? 'typeof'}`
  if (!set.steady) return 'one with a timeout or auto-merge, whose elements do not stay as they are'
  const missing = flags.find((flag) => !set.flags.includes(flag))
  return missing === undefined ? undefined : `one without the flag ${missing}`
}

function elementsIn(wanted: NftsetInput, set: NftSet): Pick<SetState, 'elements' | 'guests' | 'overlap'> {
  const types = typesIn(wanted.type)
  const there = new Map(
    set.elements.flatMap(({ text }) => {
      const parts = partsOf(types, text)
      return parts ? [[keyOfParts(parts), parts] as const] : []
    }),
  )
  const asked = new Map(
    (wanted.elements ?? []).map((element) => {
      const parts = partsOf(types, `${element}`)!
      return [keyOfParts(parts), parts] as const
    }),
  )
  const elements = [...asked.keys()].filter((key) => there.has(key))
  const missing = [...asked].filter(([key]) => !there.has(key))
  const met = set.flags.includes('interval') ? missing.find(([, parts]) => meetsOneOf(there, parts)) : undefined
  return { elements, guests: set.elements.length > elements.length, overlap: met?.[0] ?? null }
}

const meetsOneOf = (there: ReadonlyMap<string, readonly Part[]>, parts: readonly Part[]): boolean =>
  [...there.values()].some((other) => overlap(other, parts))
