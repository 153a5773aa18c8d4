import { NsnetError } from '../../core/errors.ts'
import type { Moment } from '../../core/moment.ts'
import type { Registry } from '../../core/registry.ts'
import { bootOf } from '../../library/facts.ts'
import { givenBy, type InputOptions } from '../given.ts'
import { detailOf } from '../plan/finding-lines.ts'
import { expectPrivilege } from '../../library/privilege.ts'
import type { Terminal } from '../terminal.ts'
import { oneLine } from '../text.ts'
import { lookAt } from '../verifying.ts'

/** Finds what has drifted. Who may not look, or is elsewhere, gets the picture without it. */
export async function driftOf(
  { tell }: Terminal,
  moment: Moment,
  registry: Registry,
  options: InputOptions,
): Promise<ReadonlyMap<string, string>> {
  const { started, steps } = moment.run
  const holds = [...steps.values()].some(({ status }) => /^(applied|satisfied)$/.test(status))
  if (!holds || started.facts.boot !== bootOf()) return new Map()
  try {
    expectPrivilege()
    const { findings } = await lookAt(moment, registry, await givenBy(options))
    const unknown = findings.filter(({ verdict }) => verdict === 'unknown')
    for (const { step, reason } of unknown) tell(`  ${step} is drawn as it was left: ${oneLine(reason ?? '')}`)
    const drifted = findings.filter(({ verdict }) => verdict === 'drifted')
    return new Map(drifted.map((finding) => [finding.step, detailOf(finding)]))
  } catch (error) {
    if (!(error instanceof NsnetError)) throw error
    tell(`  drawn as it was left, without what has drifted: ${oneLine(error.message)}`)
    return new Map()
  }
}
