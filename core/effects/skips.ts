import type { StepSkipped, StepSpec } from '../events.ts'
import { parseTemplate } from '../expression.ts'
import type { Scope } from '../expression-values.ts'
import { neededBy, scopeOf } from '../resolve.ts'
import { outputsOf, stepOf, type Run, type StepRecord } from '../run.ts'
import type { Secrets } from '../secret.ts'
import { StepTrouble, unlessInTrouble } from './subject.ts'

/** Says whether a step has to wait for another one, which may come to hold. */
export const isWaiting = (run: Run, spec: StepSpec): boolean =>
  neededBy(spec).some((id) => !isThere(run, id) && stepOf(run, id).status !== 'skipped')

const isThere = (run: Run, id: string): boolean => /^(applied|satisfied)$/.test(stepOf(run, id).status)

/**
 * Says why a step is left out at its turn, when all steps before it are dealt with: something that it needs did not come
 * about, or its condition does not hold. Undefined when it is not left out. What is in flight is never left out.
 *
 * @throws StepTrouble when its condition is none
 */
export function skipReason(
  run: Run,
  secrets: Secrets,
  id: string,
  skipped: ReadonlySet<string> = new Set(),
): string | undefined {
  const { open, spec } = stepOf(run, id)
  if (open) return undefined
  const missing = neededBy(spec).find((other) => skipped.has(other) || !isThere(run, other))
  if (missing === undefined) return conditionReason(run, secrets, spec)
  return withoutIt(missing, skipped.has(missing) ? 'skipped' : stepOf(run, missing).status)
}

/** Says why a step is left out that needs another one. */
export function withoutIt(missing: string, status: StepRecord['status']): string {
  const became = status === 'skipped' ? 'was skipped' : status === 'failed' ? 'failed' : 'was not reached'
  return `needs ${missing}, which ${became}`
}

/** Says that a step's condition does not hold; undefined when it does. @throws StepTrouble when it is no condition */
export function conditionReason(run: Run, secrets: Secrets, spec: StepSpec): string | undefined {
  if (spec.if === undefined || isTrue(run, secrets, spec.if)) return undefined
  return spec.if === false ? 'its condition is false' : `its condition is false: ${spec.if}`
}

/** @throws StepTrouble */
function isTrue(run: Run, { reveal }: Secrets, condition: boolean | string): boolean {
  if (typeof condition === 'boolean') return condition
  const { inputs, facts } = run.started
  const scope = scopeOf({ inputs: reveal(inputs), facts, outputs: (step) => reveal(outputsOf(run)(step)) })
  const value = evaluated(condition, scope)
  if (typeof value === 'boolean') return value
  throw new StepTrouble({ message: `expected "if" to be true or false, got ${JSON.stringify(value)} of ${condition}` })
}

/** @throws StepTrouble */
function evaluated(condition: string, scope: Scope): unknown {
  try {
    return parseTemplate(condition).evaluate(scope)
  } catch (error) {
    throw new StepTrouble({ message: `/if: ${(error as Error).message}` })
  }
}

/** The events of those of the next steps that are left out, up to the first that is not or, where there is a last one, to it. */
export function skipsAmong(
  run: Run,
  secrets: Secrets,
  next: readonly string[],
  upTo: string | undefined,
): readonly StepSkipped[] {
  const skips: StepSkipped[] = []
  const skipped = new Set<string>()
  for (const step of next) {
    const reason = unlessInTrouble(() => skipReason(run, secrets, step, skipped))
    if (reason !== undefined) skips.push({ type: 'StepSkipped', step, reason })
    if (reason !== undefined) skipped.add(step)
    if (upTo === undefined ? reason === undefined : step === upTo) break
  }
  return skips
}
