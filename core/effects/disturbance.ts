import { equal, isObject, type Json } from '../json.ts'
import { isDone, type Earlier } from '../step.ts'
import type { Planned } from './plan-once.ts'
import { relatedSteps, type RelatedSteps } from './related-steps.ts'
import { unlessInTrouble, type Subject } from './subject.ts'

/** A step of a batch: what it sees at its turn, and what follows from it. */
export interface Member {
  readonly subject: Subject
  readonly itself: Earlier
  readonly seen: Planned
}

/**
 * Says how many of the steps can be applied together, so that each of them still holds when all of them are; they end
 * before one whose type breaks at that.
 */
export function stillHolding(members: readonly Member[]): number {
  const later = relatedSteps()
  for (let at = members.length - 1; at >= 0; at--) {
    const member = members[at]!
    const isGood = unlessInTrouble(() => isUndisturbed(member, later))
    if (isGood !== true) return stillHolding(members.slice(0, isGood === false ? disturberOf(members, at) : at))
    if (!isDone(member.seen.planned)) later.add(member.itself, at)
  }
  return members.length
}

/** Finds the first step behind another one that changes what that one wants, or may do so. */
function disturberOf(members: readonly Member[], at: number): number {
  const later = relatedSteps()
  return members.findIndex(({ itself, seen }, place) => {
    if (place <= at || isDone(seen.planned)) return false
    later.add(itself, place)
    return !isUndisturbed(members[at]!, later)
  })
}

/** Says whether a step still holds when the later ones are applied too. What nobody can tell of it, it does not see change. */
function isUndisturbed({ subject, seen }: Member, later: RelatedSteps): boolean {
  const { step, input, context } = subject
  const own = isDone(seen.planned) ? seen.state : step.outcome?.(input, seen.state, context)
  const { state, stopped } = through(subject, own ?? seen.state, later)
  if (stopped !== undefined) return false
  const holds = (that: Json): boolean => isDone(step.plan(input, that, context))
  return own !== undefined && holds(own) ? holds(state) : equal(state, own ?? seen.state)
}

const through = ({ step, input, resources }: Subject, state: Json, later: RelatedSteps) =>
  later.foretell(step, input, state, resources)

/** What is seen of a step, or was, without what later ones do. */
export interface Alone {
  readonly left: Json
  /** The same, but what is not just as later ones leave it stays as it is seen: it may have been made by somebody else. */
  readonly just: Json
}

/** Takes what later steps do out of what is seen of a step; undefined where that cannot be told. */
export function without(subject: Subject, seen: Json, later: RelatedSteps): Alone | undefined {
  const own = ownOf(subject)
  const { state, stopped } = through(subject, own ?? seen, later)
  if (stopped !== undefined) return undefined
  if (own === undefined) return equal(state, seen) ? { left: seen, just: seen } : undefined
  const value = { seen, own, changed: state }
  return {
    left: withoutChange(value, (each) => each.own),
    just: withoutChange(value, (each) => (equal(each.seen, each.changed) ? each.own : each.seen)),
  }
}

/** A value that later steps change from `own` to `changed`, and what is seen of it. */
interface Value {
  readonly seen: Json
  readonly own: Json
  readonly changed: Json
}

/** What a step saw of its own work, or was to see. */
function ownOf({ step, input, context, record }: Subject): Json | undefined {
  if (record.after !== undefined) return record.after
  const before = record.seen ?? record.before
  return before === undefined ? undefined : step.outcome?.(input, before, context)
}

/** Takes a change out of what is seen. */
function withoutChange({ seen, own, changed }: Value, was: (value: Value) => Json): Json {
  if (equal(own, changed)) return seen
  if (!isObject(seen) || !isObject(own) || !isObject(changed)) return was({ seen, own, changed })
  const keys = new Set([...Object.keys(seen), ...Object.keys(own)])
  const entries = [...keys].flatMap((key): readonly (readonly [string, Json])[] => {
    if (!(key in changed) && !(key in own)) return [[key, seen[key]!]]
    if (!(key in own)) return []
    const value = { seen: seen[key] ?? null, own: own[key]!, changed: changed[key] ?? null }
    return [[key, withoutChange(value, was)]]
  })
  return Object.fromEntries(entries)
}
