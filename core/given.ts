import type { Json } from './json.ts'
import { shortened } from './problems.ts'

/** Values given from outside. The first that has an input counts; one of the environment that no input has is none. */
export interface Given {
  /** By `--set`. */
  readonly texts: { readonly [name: string]: string }
  /** By `--set-file`, by a program, or by the workflow around this one. */
  readonly values: { readonly [name: string]: Json }
  /** Who gave the values, as it was typed; undefined when the workflow around this one did. */
  readonly valuesBy?: string
  /** Says how a value is given, where it is not at a command line. */
  readonly howToSet?: (name: string, secret: boolean) => string
  /** By `NSNET_INPUT_NAME`. */
  readonly environment: { readonly [name: string]: string }
  /** Says of which inputs a value may be lacking: what reads one is not looked at. None by default. */
  readonly mayLack?: (name: string) => boolean
}

/** What is given for one input. */
export type Gift =
  | { readonly among: 'texts' | 'environment'; readonly text: string }
  | { readonly among: 'values'; readonly value: Json }

/** Finds what is given for an input. */
export function giftFor({ texts, values, environment }: Given, name: string): Gift | undefined {
  if (Object.hasOwn(texts, name)) return { among: 'texts', text: texts[name]! }
  if (Object.hasOwn(values, name)) return { among: 'values', value: values[name]! }
  return Object.hasOwn(environment, name) ? { among: 'environment', text: environment[name]! } : undefined
}

/** How much of a value is told of what was typed. */
const LONGEST = 60

/**
 * Says how an input was given, as it was typed: `--set mtu=big`. Undefined when it was not, or by the workflow around this one. Of
 * a secret no value is told.
 */
export function howGiven(given: Given, name: string, secret: boolean): string | undefined {
  const gift = giftFor(given, name)
  if (gift === undefined) return undefined
  if (gift.among === 'values') return given.valuesBy && `${name} by ${given.valuesBy}`
  const told = secret ? '…' : shortened(gift.text, LONGEST)
  return `${gift.among === 'texts' ? '--set ' : 'NSNET_INPUT_'}${name}=${told}`
}

/** Finds what is given for a secret; undefined also for what is no text. */
export function givenSecret(name: string, { values, environment }: Omit<Given, 'texts'>): string | undefined {
  const value = Object.hasOwn(values, name) ? values[name] : environment[name]
  return typeof value === 'string' ? value : undefined
}

/** Says how a value is set that is lacking. */
export const howToSet = (given: Pick<Given, 'howToSet'>, name: string, secret: boolean): string =>
  given.howToSet?.(name, secret) ?? (secret ? howToGive([name]) : `set it: --set ${name}=VALUE`)

/** Says how secrets are given. */
export const howToGive = (names: readonly string[]): string =>
  `give it by --set-file FILE, or in the environment as ${names.map((name) => `NSNET_INPUT_${name}`).join(', ')}`
