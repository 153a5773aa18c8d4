import type { Json } from '../json.ts'
import type { Run, StepRecord } from '../run.ts'
import type { Secrets } from '../secret.ts'
import type { Earlier } from '../step.ts'
import { relatedSteps } from './related-steps.ts'
import type { Subject } from './subject.ts'

/** What a step has to see while nobody else changes anything: what it left, and what the later steps of the run did to it since. */
export interface Expected {
  readonly state: Json
  /** Some of them did what cannot be told: `state` leaves that out. */
  readonly isPart: boolean
}

/** The steps behind those that are asked about. */
export interface LaterSteps {
  /**
   * Says what a step has to see; undefined when nobody knows what it left. Ask about the last step first: each is then added
   * once, and asking about one behind it begins anew.
   */
  readonly expected: (subject: Subject) => Expected | undefined
}

/**
 * Gathers, from the end of a run, the steps that changed something which is still there: of those that are open, the ones
 * that count when a step before them is asked about first.
 */
export function laterSteps(run: Run, { reveal }: Secrets, counts: (step: string) => boolean): LaterSteps {
  const records = [...run.steps.values()]
  const places = new Map(records.map(({ spec }, at) => [spec.id, at]))
  let [related, from] = [relatedSteps(), records.length]
  const gather = (place: number): void => {
    if (from <= place) [related, from] = [relatedSteps(), records.length]
    while (from > place + 1) {
      from -= 1
      const record = records[from]!
      if (record.open && counts(record.spec.id))
        for (const step of earlierOf(run, reveal(record))) related.add(step, from)
    }
  }
  return {
    expected({ step, input, record, context, resources }) {
      if (record.after === undefined) return undefined
      gather(places.get(context.step) ?? records.length)
      const { state, stopped } = related.foretell(step, input, record.after, resources)
      return { state, isPart: stopped !== undefined }
    },
  }
}

/** Lays out a step as its record has it; nothing when it was never planned. */
export function earlierOf({ started }: Run, { spec, input, resources }: StepRecord): readonly Earlier[] {
  if (input === undefined || resources === undefined) return []
  return [{ run: started.run, step: spec.id, facts: started.facts, uses: spec.uses, input, resources }]
}
