import { existsSync } from 'node:fs'
import { programIn, type Exec } from '../../core/command.ts'
import type { Ahead } from '../../core/effects/plan-ahead.ts'
import type { RunStarted } from '../../core/events.ts'
import type { Json } from '../../core/json.ts'
import { ofText } from '../../core/memo.ts'
import { packageOf } from '../../core/programs.ts'
import type { Registry } from '../../core/registry.ts'
import { probesOf } from '../../core/step.ts'
import { adviceOnProgram, SEE_DOCTOR } from '../../core/tools.ts'
import { findProgram } from '../../library/find-program.ts'
import { features, FOR_SOME, type Feature } from '../doctor/features.ts'
import { brokenIn, tryFeatures } from '../doctor/kernel.ts'

/** What stands in the way of a step: why, and what to do about it. */
interface Lack {
  readonly reason: string
  readonly hint: string
}

/** Puts in the plan of steps what this machine lacks for them: a program, or a kind of links or qdiscs of the kernel. */
export async function withLacks(
  exec: Exec,
  registry: Registry,
  started: RunStarted,
  all: readonly Ahead[],
): Promise<readonly Ahead[]> {
  const kinds = await lackingKinds(exec, all)
  // thousands of steps ask for the same few
  const isMissing = ofText(isMissingProgram)
  return all.map((ahead) => {
    if (!isToBeDone(ahead)) return ahead
    const lack = lackingProgram(registry, started, ahead, isMissing) ?? kinds(ahead)
    return lack ? { ...ahead, outcome: 'conflict', changes: [], apply: [], undo: [], ...lack } : ahead
  })
}

const isToBeDone = ({ outcome }: Ahead): boolean => /^(make|change|later|check)$/.test(outcome)

/** Of programs that an earlier step may bring nothing is said: only of those that nsnet knows a package of. */
const isMissingProgram = (program: string): boolean =>
  packageOf(program, 'apt-get') !== undefined && findProgram(program) === 'missing'

function lackingProgram(
  registry: Registry,
  started: RunStarted,
  ahead: Ahead,
  isMissing: (program: string) => boolean,
): Lack | undefined {
  const { step: id, uses, input } = ahead
  const step = registry.stepOf(uses)
  const probes =
    step && input !== undefined
      ? probesOf(step, input as Json, { run: started.run, step: id, facts: started.facts })
      : []
  const programs = [...probes, ...(ahead.probes ?? []), ...ahead.apply].map(({ argv }) => programIn(argv)[0] ?? '')
  const missing = programs.find(isMissing)
  if (missing === undefined) return undefined
  return { reason: `expected the program ${missing}, found none that can be run`, hint: adviceOnProgram(missing) }
}

/**
 * Tries the kinds that steps are to make, as the doctor does. Where the kernel could load a module for that, it is not tried, since
 * a plan changes nothing.
 */
async function lackingKinds(exec: Exec, all: readonly Ahead[]): Promise<(ahead: Ahead) => Lack | undefined> {
  const asked = new Set(all.filter(isToBeDone).flatMap((ahead) => kindOf(ahead) ?? []))
  if (asked.size === 0 || existsSync('/proc/modules')) return () => undefined
  const tried = features.filter(({ name }) => name === 'veth' || asked.has(name))
  const output = await exec(tryFeatures(tried))
  const lacks = new Map(brokenIn(tried, output).map(({ feature, why }) => [feature.name, lackOf(feature, why)]))
  return (ahead) => lacks.get(kindOf(ahead) ?? '')
}

/** Names the feature of the kernel that a step is to use. */
function kindOf({ uses, outcome, apply, input }: Ahead): string | undefined {
  if (uses === 'qdisc' && apply.length > 0) return (input as { readonly kind?: string }).kind
  return outcome === 'make' && KINDS.has(uses) ? uses : undefined
}

const KINDS = new Set(['veth', 'bridge', 'macvlan', 'ipvlan', 'vlan', 'vxlan', 'tun', 'dummy', 'wireguard'])

const lackOf = ({ name, fix }: Feature, why: string): Lack => ({
  reason: `this kernel lacks ${name}: ${why}`,
  hint: `${fix.replace(FOR_SOME, 'take a kernel that has it, or load it as root: ')}\n${SEE_DOCTOR}`,
})
