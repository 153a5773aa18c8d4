import type { Run } from '../run.ts'
import type { Secrets } from '../secret.ts'
import { earlierOf } from './expected.ts'
import { relatedSteps, type RelatedSteps } from './related-steps.ts'

/**
 * Lists the steps behind one that an earlier nsnet was at when it was killed: what it has done of them is there, too. Their
 * places count from `first`.
 */
export function inFlightBehind(run: Run, { reveal }: Secrets, step: string, first: number): RelatedSteps {
  const later = relatedSteps()
  const records = [...run.steps.values()]
  for (let at = records.length - 1; at >= 0 && records[at]!.spec.id !== step; at--) {
    const record = records[at]!
    if (record.open && record.status === 'planned')
      for (const each of earlierOf(run, reveal(record))) later.add(each, first + at)
  }
  return later
}
