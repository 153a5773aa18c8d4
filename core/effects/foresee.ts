import type { StepFailed } from '../events.ts'
import { lookWith, type Look } from '../look.ts'
import type { Ports } from '../ports.ts'
import type { ResourceKey } from '../resource.ts'
import type { Run } from '../run.ts'
import { planOnce, troubleOf } from './plan-once.ts'
import { failureOf, StepTrouble, subjectOf, type Subject } from './subject.ts'

/**
 * Looks, before anything of a run is done, at the steps whose conflicts can be foreseen: those that say so, and use nothing
 * that an earlier step makes. Gives the failure of the first that cannot come about.
 */
export async function foresee(ports: Ports, run: Run): Promise<StepFailed | undefined> {
  const untouched = [...run.steps.values()].every(
    ({ status, open }) => !open && (status === 'pending' || status === 'failed'),
  )
  if (!untouched) return undefined
  const look = lookWith(ports.exec)
  const made = new Set<ResourceKey>()
  for (const step of run.steps.keys()) {
    const subject = await knownSubject(ports, run, step)
    // what comes after a step of which little is known may use what that one makes
    if (!subject) return undefined
    const { creates = [], uses = [] } = subject.step.resources(subject.input)
    const failure = uses.some((key) => made.has(key)) ? undefined : await foreseen(look, subject)
    if (failure) return { type: 'StepFailed', step, failure }
    for (const key of creates) made.add(key)
  }
  return undefined
}

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
