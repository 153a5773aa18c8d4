import { here } from '../library/place.ts'
import type { Finding } from '../core/effects/finding.ts'
import { verify } from '../core/effects/verify.ts'
import { processExec } from '../core/exec.ts'
import type { Given } from '../core/given.ts'
import type { Moment } from '../core/moment.ts'
import type { Registry } from '../core/registry.ts'
import type { Run } from '../core/run.ts'
import { expectSameNetns } from '../library/facts.ts'
import { expectRight, secretsFor } from '../library/run-secrets.ts'

/** A run, and what has become of its steps. */
export interface Looked {
  readonly run: Run
  readonly status: Moment['status']
  /** Of the steps that held, or are missing; secrets are hidden. */
  readonly findings: readonly Finding[]
}

/** Looks what has become of a run. @throws OTHER_NETNS, USAGE when a secret is given with another value */
export async function lookAt(moment: Moment, { stepOf }: Registry, given: Given): Promise<Looked> {
  const { run, status } = moment
  expectSameNetns(run.started, here.netns())
  const known = secretsFor(run.started, given)
  expectRight(run.started, known)
  const { secrets } = known
  const findings = await verify({ exec: processExec({ holds: secrets.holds }), secrets, stepOf }, moment)
  return { run, status, findings: secrets.hide(findings) }
}

/** What a look says of a run in all; where it `holds`, only what it may fail to make is missing. */
export type Whole = 'not all known' | 'drifted' | 'not whole' | 'holds'

/** Sums up a look. */
export function wholeOf({ findings, status }: Looked): Whole {
  if (findings.some(({ verdict }) => verdict === 'unknown')) return 'not all known'
  if (findings.some(({ verdict }) => verdict === 'drifted')) return 'drifted'
  return status === 'completed' ? 'holds' : 'not whole'
}

/** The exit code that says most about a look: 1 not all known, 2 drifted or not whole, 0 all holds. */
export const exitOf = (looked: Looked): number =>
  ({ 'not all known': 1, drifted: 2, 'not whole': 2, holds: 0 })[wholeOf(looked)]

/**
 * Gives the findings that a repair can be tried on. Where a step cannot be put right, since others have it by now, what stands
 * on it can only fail: then only those are tried that have something to do.
 */
export function toRepair(findings: readonly Finding[]): readonly Finding[] {
  const someIsLeft = findings.some(isLeft)
  return findings.filter(({ repairable, repair }) => repairable && (!someIsLeft || repair.length > 0))
}

/** Says whether a step drifted in a way that no repair puts right. */
export const isLeft = ({ verdict, repairable }: Finding): boolean => verdict === 'drifted' && !repairable
