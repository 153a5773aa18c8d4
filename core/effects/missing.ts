import type { Look } from '../look.ts'
import type { Looking } from '../ports.ts'
import type { Run, StepRecord } from '../run.ts'
import type { Plan } from '../step.ts'
import { nothingKnown, type Finding } from './finding.ts'
import { presentOf, type Seen } from './present.ts'
import { unlessInTrouble } from './subject.ts'

/** Says of a step that did not come about, or was taken back, that it is missing, and why; what failed may hold by now. */
export async function missing(looking: Looking, look: Look, run: Run, record: StepRecord): Promise<Finding> {
  const finding = { ...nothingKnown(record), verdict: 'missing' } as const
  if (record.status === 'pending') return { ...finding, reason: 'the run has not come to it' }
  if (record.status === 'planned') return { ...finding, reason: 'nsnet was stopped inside it: half of it may be there' }
  if (record.status !== 'failed') return { ...finding, reason: 'an undo has taken it back' }
  const present = await presentOf(looking, look, run, record)
  const planned = 'failure' in present || present.absent ? undefined : planOf(present)
  const half = record.open ? ', and may be half done' : ''
  const failed = { ...finding, reason: `failed${half}: ${record.failure!.message}` }
  if (planned === undefined) return failed
  if (planned.conflict !== undefined) return { ...failed, reason: `failed${half}: ${planned.conflict}` }
  if (planned.apply.length > 0) return { ...failed, repair: planned.apply }
  return { ...finding, verdict: 'holds', reason: 'it failed in the run, and holds now' }
}

const planOf = ({ subject: { step, input, context }, now }: Seen): Plan | undefined =>
  unlessInTrouble(() => step.plan(input, now, context))
