import { printable } from './quote.ts'

/**
 * The secrets of a run: hides them in everything that is kept or shown, and brings them back for the kernel.
 *
 * What is made of a secret by an expression, or what the kernel makes of it by itself, is not known here.
 */
export interface Secrets {
  /** Those that are known. */
  readonly names: readonly string[]
  /** Puts a marker such as `«secret:NAME»` in place of each secret, in every text of a value; `reveal` is its inverse. */
  readonly hide: <T>(value: T) => T
  /** Puts the secrets back that are known; the markers of others stay. */
  readonly reveal: <T>(value: T) => T
  /** Makes a text fit for people: without secrets, and without longer pieces of them, as shortened messages have. */
  readonly mask: (text: string) => string
  /** Says whether a secret stands in a text. */
  readonly holds: (text: string) => boolean
}

/** The secrets of a run that has none: everything stays as it is. */
export const noSecrets: Secrets = {
  names: [],
  hide: (value) => value,
  reveal: (value) => value,
  mask: (text) => text,
  holds: () => false,
}

/** Characters that a secret has at least: fewer would be found in texts that have nothing to do with it. */
const SHORTEST = 4

/** Characters that a secret has at most. */
const LONGEST = 4096

/** Hides these secrets, by the name of their input, in each of their usual writings. */
export function secretsOf(values: { readonly [name: string]: string }): Secrets {
  const markers = markersOf(values)
  const texts = new Map([...markers].map(([marker, text]) => [text, marker]))
  const pattern = anyOf([...markers.values()])
  const hiding = anyOf([...markers.values(), OPENING])
  const shown = (text: string): string => text.replace(pattern, (found) => texts.get(found)!)
  return {
    names: Object.keys(values),
    hide: (value) => inTexts(value, (text) => text.replace(hiding, (found) => texts.get(found) ?? ESCAPED)),
    reveal: (value) =>
      inTexts(value, (text) =>
        text.replace(MARKER, (found) => markers.get(found) ?? (found === ESCAPED ? OPENING : found)),
      ),
    mask: (text) => Object.entries(values).reduce(withoutPieces, shown(text)),
    holds: (text) => text.search(pattern) !== -1,
  }
}

/** Lists the secrets whose markers stand in a value that is hidden. */
export function secretsIn(value: unknown): readonly string[] {
  const names = new Set<string>()
  inTexts(value, (text) => {
    for (const [, name] of text.matchAll(MARKER)) if (name !== undefined) names.add(name)
    return text
  })
  return [...names]
}

/**
 * Says what is wrong with a secret, without telling it; undefined when nothing is. `around` are the texts that are
 * journaled as they are: a secret that stands in one of them is none.
 */
export function mistakeInSecret(name: string, value: string, around: readonly string[]): string | undefined {
  const markers = markersOf({ [name]: value })
  if (Math.min(...[...markers.values(), value].map(({ length }) => length)) < SHORTEST)
    return `expected a secret of at least ${SHORTEST} characters: a shorter one stands in many texts by chance`
  if (value.length > LONGEST) return `expected a secret of at most ${LONGEST} characters, got ${value.length}`
  if (/[«»]/.test(value)) return 'expected a secret without « and »: nsnet marks with them what it hides'
  if (value.includes('${{')) return 'expected a secret without ${{, with which expressions begin'
  const { holds } = secretsOf({ [name]: value })
  if (![...around, ...markers.keys()].some(holds)) return undefined
  return 'expected a secret of its own, got one that stands in the workflow file, in its path or in the name of this host'
}

/** How a marker begins. */
const OPENING = '«secret:'

/** Stands for a text that looks like the beginning of a marker and is none. */
const ESCAPED = `${OPENING}»`

const MARKER = /«secret:(?:([A-Za-z][\w-]*)(?::\w+)?)?»/g

/** How a text is found in what is printed: as it is, and as the kernel, JSON, a shell, iptables and nsnet itself write it. */
const writings: { readonly [name: string]: (text: string) => string } = {
  plain: (text) => text,
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
  spaces: (text) => text.trim().replace(/[ \t]+/g, ' '),
  tabs: (text) => text.trim().replace(/[ \t]+/g, '\t'),
  json: (text) => JSON.stringify(text).slice(1, -1),
  shell: (text) => text.replaceAll("'", "'\\''"),
  escaped: (text) => text.replace(/[\\"']/g, '\\$&'),
  visible: printable,
  ansi: (text) => printable(text.replace(/[\\']/g, '\\$&')),
  hex: (text) => Buffer.from(text).toString('hex'),
}

/** Lists the marker of each writing of each secret, with the text that it stands for. */
function markersOf(values: { readonly [name: string]: string }): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(values)) {
    for (const [writing, write] of Object.entries(writings)) {
      const marker = writing === 'plain' ? `${OPENING}${name}»` : `${OPENING}${name}:${writing}»`
      if (!texts.has(write(value))) texts.set(write(value), marker)
    }
  }
  return new Map([...texts].map(([text, marker]) => [marker, text]))
}

/** Matches any of some texts, the longest first: a secret may be a part of another one. */
function anyOf(texts: readonly string[]): RegExp {
  const sorted = texts.toSorted((a, b) => b.length - a.length)
  return new RegExp(sorted.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|') || '(?!)', 'g')
}

function inTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T
  if (Array.isArray(value)) return value.map((item: unknown) => inTexts(item, change)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), inTexts(item, change)])) as T
}

/** Leaves out of a text what is a piece of a secret: half of it, or 8 characters of a long one. */
function withoutPieces(text: string, [name, value]: readonly [string, string]): string {
  const size = Math.min(8, Math.max(SHORTEST, Math.floor(value.length / 2)))
  const pieces = new Set(Array.from({ length: value.length - size + 1 }, (_, at) => value.slice(at, at + size)))
  const isPiece = (part: string, at: number): boolean => pieces.has(part.slice(at, at + size))
  const cut = (part: string): string => {
    let kept = ''
    for (let at = 0; at < part.length; at += 1) {
      const from = at
      while (isPiece(part, at)) at += 1
      kept += at === from ? part[at] : `«part of secret:${name}»`
      if (at > from) at += size - 2
    }
    return kept
  }
  return text
    .split(/(«[^«»]*»)/)
    .map((part, at) => (at % 2 === 1 ? part : cut(part)))
    .join('')
}
