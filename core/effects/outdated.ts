import { equal, type Json } from '../json.ts'
import type { Looking } from '../ports.ts'
import { readsOutputs } from '../resolve.ts'
import type { Run, StepRecord } from '../run.ts'
import type { Finding } from './finding.ts'
import { failureOf, inputOf } from './subject.ts'

/**
 * Gives a finding as it is, unless the step holds and was made of outputs that are others by now, since steps that it reads were
 * made anew: that is drift. What is not ours is looked at anew by a repair; what is ours has to be taken back first, for its way
 * back goes by what it was made of.
 */
export async function unlessOutdated(
  looking: Looking,
  run: Run,
  record: StepRecord,
  finding: Finding,
): Promise<Finding> {
  const read = readsOutputs(record.spec.with)
  if (finding.verdict !== 'holds' || read.length === 0 || !(await isOutdated(looking, run, record))) return finding
  const reason = `what ${read.join(', ')} gives is another now`
  if (!record.open) return { ...finding, verdict: 'drifted', reason, repairable: true }
  const [id, ids] = [run.started.run, [...run.steps.keys()]]
  const before = ids[ids.indexOf(record.spec.id) - 1]!
  const anew = `to make it anew: nsnet undo ${id} --to ${before}, then nsnet resume ${id}`
  return { ...finding, verdict: 'drifted', reason: `${reason}; ${anew}`, repairable: false }
}

async function isOutdated({ stepOf, secrets }: Looking, run: Run, record: StepRecord): Promise<boolean> {
  const step = stepOf(record.spec.uses)
  if (step === undefined || record.input === undefined) return false
  try {
    const now = await inputOf(run, secrets.reveal(record), step, secrets)
    return !equal(JSON.parse(JSON.stringify(now)) as Json, secrets.reveal(record.input))
  } catch (error) {
    failureOf(error)
    return false
  }
}
