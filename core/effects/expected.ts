import type { Json } from '../json.ts'
import { stepOf, type Run, type StepRecord } from '../run.ts'
import type { Secrets } from '../secret.ts'
import type { Earlier } from '../step.ts'
import { foretold } from './earlier-steps.ts'
import type { Subject } from './subject.ts'

/**
 * Says what a step has to see while nobody else changes anything: what it left, and what the given later steps of the run
 * did to it since. Undefined where that cannot be told.
 */
export function expectedState({ step, input, record }: Subject, later: readonly Earlier[]): Json | undefined {
  if (record.after === undefined) return undefined
  const { state, stopped } = foretold(step, input, record.after, step.resources(input), later)
  return stopped === undefined ? state : undefined
}

/** Lists the steps behind one that changed something which is still there. */
export function laterSteps(run: Run, id: string, { reveal }: Secrets): readonly Earlier[] {
  const all = [...run.steps.values()]
  const behind = all.slice(all.indexOf(stepOf(run, id)) + 1)
  return behind.flatMap((record) => asEarlier(run, reveal(record)))
}

function asEarlier({ started }: Run, { spec, open, input, resources }: StepRecord): readonly Earlier[] {
  if (!open || input === undefined || resources === undefined) return []
  return [{ run: started.run, step: spec.id, facts: started.facts, uses: spec.uses, input, resources }]
}
