import type { Command } from '../command.ts'
import type { Difference } from '../difference.ts'
import type { StepRecord } from '../run.ts'
import type { Change } from '../step.ts'

/** What has become of a step. */
export interface Finding {
  readonly step: string
  readonly uses: string
  /**
   * `missing`: the run has not come to it yet, or it failed and still does not hold. `unknown`: nsnet could not look; `reason`
   * says why. What a later step of the run may have changed, where one of the two types does not foretell it, holds as long
   * as that one holds; `reason` names it.
   */
  readonly verdict: 'holds' | 'drifted' | 'missing' | 'unknown'
  readonly reason?: string
  /** What would make it hold again changes: `from` is what was found, `to` what is expected. */
  readonly changes: readonly Change[]
  /** Where what is seen differs from what the step left. */
  readonly differences: readonly Difference[]
  /** What would make it hold again, as far as that can be told before other steps hold again. */
  readonly repair: readonly Command[]
  /** Applying it again can help. */
  readonly repairable: boolean
}

/** A finding on a step of which nothing is known yet. */
export const nothingKnown = ({ spec: { id, uses } }: StepRecord) => nothingFound({ step: id, uses })

/** A finding that says nothing of a step but its name. */
export const nothingFound = ({ step, uses }: Pick<Finding, 'step' | 'uses'>) => ({
  step,
  uses,
  changes: [],
  differences: [],
  repair: [],
  repairable: false,
})
