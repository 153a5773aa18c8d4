import { NsnetError } from '../core/errors.ts'
import type { Summary } from '../journal/index.ts'

/** Refuses to choose the latest run where one cannot be read: it may be the one that is meant. @throws JOURNAL_BROKEN */
export function expectReadable(runs: readonly Summary[]): void {
  const broken = runs.find(({ status }) => status === 'broken journal')
  if (!broken) return
  const message = `expected to tell which run is the latest, but the journal of run ${broken.id} is broken: ${broken.path}`
  const hint = `name the run that you mean (nsnet list shows all), or move that file away; nsnet show ${broken.id} says what is wrong`
  throw new NsnetError('JOURNAL_BROKEN', message, hint)
}
