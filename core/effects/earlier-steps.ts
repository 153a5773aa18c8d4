import { netnsIn } from '../resource.ts'
import type { Earlier } from '../step.ts'
import { relatedSteps, type RelatedSteps } from './related-steps.ts'

/** The steps before one that is planned ahead: those that will have changed something by then. */
export interface EarlierSteps extends Pick<RelatedSteps, 'foretell'> {
  readonly add: (step: Earlier) => void
  /** Notes that nothing is known of what a step makes. */
  readonly doubt: (step: string) => void
  /** The first step of which nothing is known. */
  readonly doubted: string | undefined
  /** The last step that will have changed something, or may have. */
  readonly last: string | undefined
  readonly makesNetns: (netns: string) => boolean
}

/** Gathers the steps of a run in their order. */
export function earlierSteps(): EarlierSteps {
  const { add, foretell } = relatedSteps()
  const netns = new Set<string>()
  let count = 0
  let doubted: string | undefined
  let last: string | undefined
  return {
    add: (step) => {
      for (const name of (step.resources.creates ?? []).flatMap(netnsIn)) netns.add(name)
      add(step, count++)
      last = step.step
    },
    doubt(step) {
      doubted ??= step
      last = step
    },
    get doubted() {
      return doubted
    },
    get last() {
      return last
    },
    makesNetns: (name) => netns.has(name),
    foretell,
  }
}
