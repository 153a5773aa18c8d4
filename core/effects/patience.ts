import { delayOf } from './failed.ts'
import type { Subject } from './subject.ts'

/** How long a step is waited for in one try, and how often it is looked at. */
export interface Patience {
  readonly forMs: number
  readonly everyMs: number
  /** The step's time limit ends it: a look at its very end would be cut off. */
  readonly isCut: boolean
}

/** The patience of a step, within its time limit. */
export function patienceOf({ step, input, record }: Pick<Subject, 'step' | 'input' | 'record'>): Patience {
  const patience = step.patience?.(input) ?? { forMs: 0, everyMs: 0 }
  const { timeoutMs = Infinity } = record.spec
  return { ...patience, forMs: Math.min(patience.forMs, timeoutMs), isCut: timeoutMs <= patience.forMs }
}

/** How long a step may wait that is patient by itself and tried again too. */
export interface Waits {
  readonly tries: number
  readonly eachMs: number
  /** All tries, and what lies between them. */
  readonly inAllMs: number
}

/** Says how the patience of a step and its tries multiply; undefined where it has but one of them. */
export function waitsOf(subject: Pick<Subject, 'step' | 'input' | 'record'>): Waits | undefined {
  const { retry } = subject.record.spec
  const { forMs: eachMs } = patienceOf(subject)
  if (retry === undefined || eachMs === 0) return undefined
  const tries = retry.times + 1
  let inAllMs = tries * eachMs
  for (let attempt = 1; attempt < tries; attempt++) inAllMs += delayOf(retry, attempt)
  return { tries, eachMs, inAllMs }
}
