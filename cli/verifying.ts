import { here } from '../library/place.ts'
import { verify, type Finding } from '../core/effects/verify.ts'
import { processExec } from '../core/exec.ts'
import type { Given } from '../core/inputs.ts'
import type { Moment } from '../core/moment.ts'
import type { Registry } from '../core/registry.ts'
import type { Run } from '../core/run.ts'
import { expectSameNetns } from '../library/facts.ts'
import { expectRight, secretsFor } from '../library/run-secrets.ts'

/** A run, and what has become of its steps. */
export interface Looked {
  readonly run: Run
  readonly status: Moment['status']
  /** Of the steps that held; secrets are hidden. */
  readonly findings: readonly Finding[]
}

/** Looks what has become of a run. @throws OTHER_NETNS, USAGE when a secret is given with another value */
export async function lookAt({ run, status }: Moment, { stepOf }: Registry, given: Given): Promise<Looked> {
  expectSameNetns(run.started, here.netns())
  const known = secretsFor(run.started, given)
  expectRight(run.started, known)
  const { secrets } = known
  const findings = await verify({ exec: processExec({ holds: secrets.holds }), secrets, stepOf }, run)
  return { run, status, findings: secrets.hide(findings) }
}

/** The exit code that says most about a look: 1 not all known, 2 drifted, 0 all holds. */
export function exitOf(findings: readonly Finding[]): number {
  if (findings.some(({ verdict }) => verdict === 'unknown')) return 1
  return findings.some(({ verdict }) => verdict === 'drifted') ? 2 : 0
}
