import type { Json } from '../json.ts'
import type { Look } from '../look.ts'
import type { Looking } from '../ports.ts'
import type { Run, StepRecord } from '../run.ts'
import { failureOf, subjectOf, type Subject } from './subject.ts'
import { absentNetns } from './way-back.ts'

/** A step whose state could be seen. */
export interface Seen {
  readonly subject: Subject
  readonly now: Json
  readonly absent?: undefined
}

/** What is seen of a step: its state, or the netns that is not the one it worked in; or why nsnet could not look. */
export type Present =
  | Seen
  | { readonly subject: Subject; readonly absent: readonly [name: string, reason: string] }
  | { readonly failure: string }

/** Looks at all steps at once, but for those that only look: they may take long, and are looked at one by one. */
export async function presentOfAll(
  looking: Looking,
  look: Look,
  run: Run,
  records: readonly StepRecord[],
): Promise<ReadonlyMap<string, Present>> {
  const quick = records.filter(({ spec }) => looking.stepOf(spec.uses)?.onlyLooks !== true)
  const all = quick.map(async (record) => [record.spec.id, await presentOf(looking, look, run, record)] as const)
  return new Map(await Promise.all(all))
}

/** Looks at one step. */
export async function presentOf(looking: Looking, look: Look, run: Run, { spec }: StepRecord): Promise<Present> {
  try {
    const subject = await subjectOf(looking, run, spec.id)
    const [absent] = await absentNetns(look, subject)
    if (absent) return { subject, absent }
    return { subject, now: await look.observe(subject.step, subject.input, subject.context, new Set()) }
  } catch (error) {
    return { failure: failureOf(error).message }
  }
}
