import { equal, type Json } from '../json.ts'
import { isDone } from '../step.ts'
import type { Subject } from './subject.ts'

/**
 * Says why what is there now is not the very thing that the step made; undefined when it is, or may be.
 *
 * Where the step left something, its identity decides. Where nobody saw what it left (nsnet was killed inside it, or the
 * kernel `refused` a command), its mark, its time and what was there before have to do.
 */
export function notMadeBy({ step, input, context, record }: Subject, now: Json, refused: boolean): string | undefined {
  const { before, seen = before, after, at } = record
  if (after === undefined) {
    const mine = step.mine?.(input, seen!, now, { ...context, at, refused }) ?? true
    return mine ? undefined : 'somebody else made what is there now'
  }
  const [made, found] = [step.identity?.(after) ?? null, step.identity?.(now) ?? null]
  if (equal(made, found) || (made !== null && found === null)) return undefined
  return `somebody replaced it since (made ${JSON.stringify(made)}, found ${JSON.stringify(found)})`
}

/**
 * Says why what is there now is not as the step left it; undefined when it is. Where a netns of the step is gone
 * (`partly`), the step cannot hold any more; where an undo was stopped inside it, neither.
 */
export function foreignIn(subject: Subject, now: Json, partly: boolean): string | undefined {
  const { step, input, context, record } = subject
  if (record.takingBack !== undefined) return notMadeBy(subject, now, false)
  const foreign = notMadeBy(subject, now, false) ?? driftIn(subject, now)
  if (foreign !== undefined || partly || record.after === undefined || isGone(subject, now)) return foreign
  return isDone(step.plan(input, now, context)) ? undefined : 'somebody changed it since'
}

function driftIn({ step, input, context, record }: Subject, now: Json): string | undefined {
  const drift = step.drift?.(input, record.after, now, context)
  return drift === undefined ? undefined : `somebody changed it since: ${drift}`
}

function isGone({ step, record }: Subject, now: Json): boolean {
  const made = step.identity?.(record.after!) ?? null
  return made !== null && (step.identity?.(now) ?? null) === null
}
