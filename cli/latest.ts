import { NsnetError } from '../core/errors.ts'
import type { Summary } from '../journal/index.ts'
import type { Store } from '../journal/store.ts'

/** Refuses to choose the latest run where one cannot be read: it may be the one that is meant. @throws JOURNAL_BROKEN */
export function expectReadable(runs: readonly Summary[]): void {
  const broken = runs.find(({ status }) => status === 'broken journal')
  if (!broken) return
  const message = `expected to tell which run is the latest, but the journal of run ${broken.id} is broken: ${broken.path}`
  const hint = `name the run that you mean (nsnet list shows all), or move that file away; nsnet show ${broken.id} says what is wrong`
  throw new NsnetError('JOURNAL_BROKEN', message, hint)
}

/**
 * Finds the run that a verb is to work on; without a name, the latest that has something left in the kernel.
 *
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, JOURNAL_BROKEN
 */
export const runFor = async (store: Store, name: string | undefined, verb: string): Promise<Pick<Summary, 'id'>> =>
  name === undefined ? latestOwning(await store.list(), verb) : await store.find(name)

function latestOwning(runs: readonly Summary[], verb: string): Summary {
  expectReadable(runs)
  const owning = runs.filter(({ ours }) => ours > 0)
  const run = owning.find(({ status }) => status !== 'undone') ?? owning[0] ?? runs[0]
  if (run) return run
  throw new NsnetError('RUN_NOT_FOUND', `expected a run to ${verb}, found none`, 'nsnet list shows all runs')
}
