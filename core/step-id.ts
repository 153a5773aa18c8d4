import type { Json } from './json.ts'

/** How long an id is at most: it stands in the comments of rules, of which nft takes 128 bytes. */
export const MAX_ID = 82

/**
 * Id of a step in a run: its name in the file, and in brackets what tells the rounds of a `forEach` apart; behind the id of a
 * step that stands for a workflow, and a slash, where it is of that one. It is typed by people.
 */
export const STEP_ID =
  /^(?=.{1,82}$)[A-Za-z][\w-]{0,62}(?:\[-?\w[\w.-]{0,15}\])?(?:\/[A-Za-z][\w-]{0,62}(?:\[-?\w[\w.-]{0,15}\])?)*$/

/** Names a step of a round: `addr[3]`, `addr[web]`. */
export const roundId = (id: string, key: string): string => `${id}[${key}]`

/** Takes such an id apart; undefined where it is none. */
export function partsOfId(id: string): { readonly id: string; readonly key: string } | undefined {
  const [, name, key] = /^([^[]+)\[(.+)\]$/.exec(id) ?? []
  return name === undefined || key === undefined ? undefined : { id: name, key }
}

/**
 * Tells the rounds for these values apart: by the values themselves, where all of them are integers or short words and no two
 * are the same, else by their number, from 0.
 */
export function keysOf(values: readonly Json[]): readonly string[] {
  const keys = values.map(keyOf)
  const isPlain = keys.every((key) => key !== undefined) && new Set(keys).size === keys.length
  return isPlain ? (keys as readonly string[]) : values.map((_, index) => `${index}`)
}

const keyOf = (value: Json): string | undefined =>
  Number.isSafeInteger(value) || (typeof value === 'string' && /^\w[\w.-]{0,15}$/.test(value)) ? `${value}` : undefined
