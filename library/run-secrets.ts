import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { givenSecret, howToGive, type Given } from '../core/given.ts'
import { fits } from '../core/secret-check.ts'
import { noSecrets, secretsOf, type Secrets } from '../core/secret.ts'

/** The secrets of a journaled run, as far as they are given. */
export interface GivenSecrets {
  readonly secrets: Secrets
  readonly missing: readonly string[]
  /** Given, but not with the value that the run began with; they count as not known. */
  readonly wrong: readonly string[]
}

/** Finds the secrets of a run in what is given. */
export function secretsFor({ secrets: checks }: RunStarted, given: Given): GivenSecrets {
  if (checks === undefined) return { secrets: noSecrets, missing: [], wrong: [] }
  const values = Object.keys(checks).map((name) => [name, givenSecret(name, given)] as const)
  const right = values.flatMap(([name, value]) =>
    value !== undefined && fits(checks[name]!, value) ? [[name, value] as const] : [],
  )
  const named = (list: typeof values): readonly string[] => list.map(([name]) => name)
  return {
    secrets: secretsOf(Object.fromEntries(right)),
    missing: named(values.filter(([, value]) => value === undefined)),
    wrong: named(values.filter(([name, value]) => value !== undefined && !named(right).includes(name))),
  }
}

/** @throws USAGE when a secret is given with another value than the run began with */
export function expectRight({ run }: RunStarted, { wrong }: GivenSecrets): void {
  const [name] = wrong
  if (name === undefined) return
  const message = `expected the secret input "${name}" with the value that run ${run} began with, got another one`
  throw new NsnetError('USAGE', message, howToGive(wrong))
}

/** @throws USAGE when a secret of the run is not given */
export function expectAll({ run }: RunStarted, { missing }: GivenSecrets, verb: 'resume' | 'repair'): void {
  if (missing.length === 0) return
  const names = missing.map((name) => `"${name}"`).join(', ')
  const message = `expected the secret input ${names} of run ${run}, got nothing: nsnet keeps no secret`
  throw new NsnetError('USAGE', message, `${howToGive(missing)}, then: nsnet ${verb} ${run}`)
}
