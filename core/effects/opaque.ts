import type { Resources } from '../resource.ts'
import type { StepRecord } from '../run.ts'
import type { Step } from '../step.ts'

/** Says whether nobody but the step itself can tell what it does to what others see: a type that foretells nothing. */
export const isOpaque = ({ foretell, outcome, onlyLooks }: Step): boolean =>
  foretell === undefined && outcome === undefined && onlyLooks !== true

/**
 * Says whether a step may have changed what an earlier one sees: it makes or shares what that one names, or uses what that
 * one made.
 */
export function mayTouch(later: Resources, earlier: Resources): boolean {
  const { creates = [], shares = [], uses = [] } = earlier
  const changed = new Set([...(later.creates ?? []), ...(later.shares ?? [])])
  const made = new Set(creates.filter((key) => !key.startsWith('netns:')))
  return (
    [...creates, ...shares, ...uses].some((key) => changed.has(key)) || (later.uses ?? []).some((key) => made.has(key))
  )
}

/** Finds one of the later steps that may have changed what a step sees, where one of the two types does not foretell it. */
export function untoldChanger(
  { resources, spec }: StepRecord,
  later: readonly StepRecord[],
  stepOf: (type: string) => Step | undefined,
): StepRecord | undefined {
  const foretellsNothing = (uses: string): boolean => {
    const step = stepOf(uses)
    return step !== undefined && isOpaque(step)
  }
  const isOwnUntold = foretellsNothing(spec.uses)
  return later.find(
    (it) => (isOwnUntold || foretellsNothing(it.spec.uses)) && mayTouch(it.resources ?? {}, resources ?? {}),
  )
}
