import type { StepFailed, StepSpec } from '../events.ts'
import type { Look } from '../look.ts'
import type { Ports } from '../ports.ts'
import type { ResourceKey } from '../resource.ts'
import type { Run, StepRecord } from '../run.ts'
import { planOnce, troubleOf } from './plan-once.ts'
import { failureOf, StepTrouble, subjectOf, type Subject } from './subject.ts'

/**
 * Looks, before anything of a run is done, at the steps whose conflicts can be foreseen: those that say so, and use nothing
 * that an earlier step makes. Gives the failure of the first that cannot come about.
 */
export async function foresee(ports: Ports, run: Run, look: Look): Promise<StepFailed | undefined> {
  const made = new Set<ResourceKey>()
  for (const step of toForesee(ports, [...run.steps.values()])) {
    const subject = await knownSubject(ports, run, step)
    // what comes after a step of which little is known may use what that one makes
    if (!subject) return undefined
    const { creates = [], uses = [] } = subject.resources
    const isTold = mayDoWithout(subject.record.spec) || uses.some((key) => made.has(key))
    const failure = isTold ? undefined : await foreseen(look, subject)
    if (failure) return { type: 'StepFailed', step, failure }
    for (const key of creates) made.add(key)
  }
  return undefined
}

/** The steps of a run of which nothing is done yet, as far as the last one that can be foreseen. */
function toForesee({ stepOf }: Ports, records: readonly StepRecord[]): readonly string[] {
  const untouched = records.every(({ status, open }) => !open && (status === 'pending' || status === 'failed'))
  const last = untouched
    ? records.findLastIndex(({ spec }) => stepOf(spec.uses)?.foreseeable && !mayDoWithout(spec))
    : -1
  return records.slice(0, last + 1).map(({ spec }) => spec.id)
}

/** Says whether a run may come about without a step, or the step at another try. */
const mayDoWithout = ({ if: condition = true, onFailure, retry }: StepSpec): boolean =>
  condition !== true || onFailure === 'continue' || retry !== undefined

/** A step with its input; undefined when that depends on what earlier steps will give. */
async function knownSubject(ports: Ports, run: Run, step: string): Promise<Subject | undefined> {
  try {
    return await subjectOf(ports, run, step)
  } catch (error) {
    failureOf(error)
    return undefined
  }
}

async function foreseen(look: Look, subject: Subject): Promise<StepFailed['failure'] | undefined> {
  try {
    if (subject.step.foreseeable?.(subject.input) !== true) return undefined
    const { planned } = await planOnce(look, subject)
    return planned.conflict === undefined || planned.passing ? undefined : troubleOf(planned)
  } catch (error) {
    // a netns that is not there yet: the step itself will tell
    return error instanceof StepTrouble ? undefined : failureOf(error)
  }
}
