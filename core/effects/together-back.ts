import type { Json } from '../json.ts'
import { without } from './disturbance.ts'
import { isOpaque, mayTouch } from './opaque.ts'
import { relatedSteps, type RelatedSteps } from './related-steps.ts'
import { asEarlier, unlessInTrouble, type Subject } from './subject.ts'
import { wayBackFrom } from './way-back.ts'

/** Steps that are taken back together, gathered from the last one on. */
export interface TogetherBack {
  readonly isEmpty: () => boolean
  /** Says what is seen of a step once those gathered are back; undefined where that cannot be told. */
  readonly asIfBack: (subject: Subject, now: Json) => Json | undefined
  /** Adds a step that comes before all others; `at` is its place in the run. */
  readonly add: (subject: Subject, at: number) => void
}

/** Begins to gather. */
export function togetherBack(): TogetherBack {
  const later = relatedSteps()
  const opaque: Subject[] = []
  let [count, isOfOneAlone] = [0, false]
  const isHidden = (subject: Subject): boolean =>
    isOfOneAlone || subject.step.alone === true || opaque.some((it) => mayTouch(it.resources, subject.resources))
  return {
    isEmpty: () => count === 0,
    asIfBack(subject, now) {
      if (count === 0) return now
      return isHidden(subject) ? undefined : without(subject, now, later)?.left
    },
    add(subject, at) {
      count += 1
      isOfOneAlone ||= subject.step.alone === true
      if (isOpaque(subject.step)) opaque.push(subject)
      later.add(asEarlier(subject), at)
    },
  }
}

/**
 * Says how many of the steps, the last one first, can be taken back together, so that it can be told afterwards of each
 * whether it is back: it will be seen as if the others before it were still there.
 */
export function stillTold(subjects: readonly Subject[]): number {
  const earlier = relatedSteps()
  for (let at = subjects.length - 1; at >= 0; at--) {
    const subject = subjects[at]!
    const foretold = unlessInTrouble(() => foretoldBack(subject, earlier))
    if (foretold?.stopped !== undefined) return stillTold(subjects.slice(0, placeOf(subjects, foretold.stopped)))
    if (!foretold?.isBack && at < subjects.length - 1) return stillTold(subjects.slice(0, at + 1))
    earlier.add(asEarlier(subject), subjects.length - at)
  }
  return subjects.length
}

/** Says whether a step that is back will be seen to be: what earlier ones make may not be known so closely. */
function foretoldBack(subject: Subject, earlier: RelatedSteps) {
  const { step, input, resources, record } = subject
  const { state, stopped } = earlier.foretell(step, input, record.before!, resources)
  return { stopped, isBack: wayBackFrom(subject, state, new Set()).length === 0 }
}

const placeOf = (subjects: readonly Subject[], id: string): number =>
  subjects.findIndex(({ context }) => context.step === id)
