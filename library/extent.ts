import { dependantsOf, findersOf, type Claim } from '../core/claims.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { didYouMean } from '../core/near.ts'
import type { Registry } from '../core/registry.ts'
import type { Run } from '../core/run.ts'
import type { Store } from '../journal/store.ts'

/** How far an undo goes. */
export interface Extent {
  /** Undo only what came after this step; it stays. */
  readonly to?: string
  /** Undo first the runs that work with what this run made, and those that found it in place and made nothing. */
  readonly cascade: boolean
}

/**
 * Lists the runs that have to be undone before a run is, in part or as a whole.
 *
 * @throws IN_USE when there are such that cannot go on without it, and `cascade` is false; USAGE
 */
export async function goingFirst(
  store: Store,
  run: Run,
  { to, cascade }: Extent,
  claims: readonly Claim[],
  { stepOf: find }: Registry,
): Promise<readonly RunStarted[]> {
  const later = stepsAfter(run.steps.keys(), to)
  const dependants = dependantsOf(run, later, claims)
  if (dependants.length > 0 && !cascade) throw inUse(run.started, dependants)
  const finders = cascade ? findersOf(run, later, claims, find) : []
  if (finders.length === 0) return dependants
  const owners = new Set((await store.list(run.started.run)).filter(({ ours }) => ours > 0).map(({ id }) => id))
  return [...dependants, ...finders.filter((other) => !owners.has(other.run))]
}

/** Lists the steps that an undo back to a step takes back. @throws USAGE when the run has no such step */
export function stepsAfter(ids: Iterable<string>, to: string | undefined): readonly string[] {
  const all = [...ids]
  if (to === undefined) return all
  const at = all.indexOf(to)
  if (at !== -1) return all.slice(at + 1)
  const hint = didYouMean(to, all) ?? `its steps are ${all.join(', ')}`
  throw new NsnetError('USAGE', `expected --to with a step of the run, got "${to}"`, hint)
}

/** Refuses to take away what other runs work with. */
function inUse({ run }: RunStarted, dependants: readonly RunStarted[]): NsnetError {
  const names = dependants.map((other) => `${other.run} (${other.workflow.name})`).join(', ')
  const message = `expected that nobody works with what run ${run} made, but run ${names} does`
  return new NsnetError('IN_USE', message, `undo both, in the right order: nsnet undo ${run} --cascade`)
}
