import { differences } from '../difference.ts'
import { equal, type Json } from '../json.ts'
import { lookWith, type Look } from '../look.ts'
import type { Moment } from '../moment.ts'
import type { Looking } from '../ports.ts'
import type { StepRecord } from '../run.ts'
import { isDone } from '../step.ts'
import { laterSteps, type Expected, type LaterSteps } from './expected.ts'
import { nothingFound, nothingKnown, type Finding } from './finding.ts'
import { missing } from './missing.ts'
import { untoldChanger } from './opaque.ts'
import { notMadeBy } from './ownership.ts'
import { unlessOutdated } from './outdated.ts'
import { presentOf, presentOfAll, type Present } from './present.ts'
import { failureOf, type Subject } from './subject.ts'

/**
 * Looks once at every step of a run that held when the run came to it (also one whose repair failed), and says which of
 * them hold no more, or were changed by others; what an undo has left counts as drifted. Of a run that is not being undone it
 * says too what is missing; what failed is looked at once more. Changes nothing.
 */
export async function verify(looking: Looking, { run, status }: Moment): Promise<readonly Finding[]> {
  const look = lookWith(looking.exec)
  let later: LaterSteps = laterSteps(run, looking.secrets, () => true)
  const records = [...run.steps.values()]
  const present = await presentOfAll(looking, look, run, records.filter(isToBeSeen))
  const all: Finding[] = []
  const holding: StepRecord[] = []
  for (const record of records.toReversed()) {
    const step = looking.stepOf(record.spec.uses)
    if (isToBeSeen(record)) {
      const each = present.get(record.spec.id) ?? (await presentOf(looking, look, run, record))
      const found = { ...nothingKnown(record), ...(await verdictOf(look, each, later)) }
      const told = excused(found, () => untoldChanger(record, holding, looking.stepOf))
      const finding = await unlessOutdated(looking, run, record, told)
      all.push(finding)
      if (record.open && finding.verdict === 'holds') holding.push(record)
    }
    if (record.open && LEFT.test(record.status))
      all.push({
        ...nothingKnown(record),
        verdict: 'drifted',
        reason: `${record.status}: ${record.reason ?? record.failure?.message ?? ''}`,
      })
    if (isWanted(status) && isMissing(record)) all.push(await missing(looking, look, run, record))
    if (record.open && step?.alone === true) later = partOf(later)
  }
  return all.toReversed()
}

/** Takes for no drift what a later step, which holds, may have done, where nobody foretells such things. */
function excused(finding: Finding, changer: () => StepRecord | undefined): Finding {
  const by = finding.verdict === 'drifted' && finding.repair.length > 0 ? changer() : undefined
  if (by === undefined) return finding
  const reason = `as far as can be told: ${by.spec.id} has changed it since`
  return { ...nothingFound(finding), verdict: 'holds', reason }
}

/** Behind a step that may have changed anything, nobody can tell all that others have to see. */
const partOf = ({ expected }: LaterSteps): LaterSteps => ({
  expected(subject) {
    const that = expected(subject)
    return that && { ...that, isPart: true }
  },
})

const isToBeSeen = ({ status, after }: StepRecord): boolean =>
  /^(applied|satisfied)$/.test(status) || (status === 'failed' && after !== undefined)

/** All that a run is to make is wanted: it is not on its way back. */
const isWanted = (status: Moment['status']): boolean => !/^(undoing|undo failed|undone)$/.test(status)

const isMissing = ({ status, after }: StepRecord): boolean =>
  /^(pending|planned|undone|gone|not ours)$/.test(status) || (status === 'failed' && after === undefined)

/** What an undo has left of a run is not as anybody wanted it. */
const LEFT = /^(kept|undo failed)$/

async function verdictOf(look: Look, present: Present, later: LaterSteps): Promise<Verdict> {
  if ('failure' in present) return { verdict: 'unknown', reason: present.failure }
  const { subject, absent } = present
  if (absent) return { verdict: 'drifted', reason: absent[1], repairable: !(absent[0] in (await look.netns())) }
  try {
    return verdictOn(subject, later.expected(subject), present.now)
  } catch (error) {
    return { verdict: 'unknown', reason: failureOf(error).message }
  }
}

type Verdict = Pick<Finding, 'verdict'> & Partial<Finding>

function verdictOn(subject: Subject, told: Expected | undefined, now: Json): Verdict {
  const { step, input, context, record } = subject
  const expected = told?.isPart === false ? told.state : undefined
  // a later step of the run has given it another value
  const isOverridden = (): boolean => told !== undefined && !isDone(step.plan(input, told.state, context))
  if ((expected !== undefined && equal(expected, now)) || isOverridden()) return { verdict: 'holds' }
  const found = expected === undefined ? [] : differences(expected, now)
  const drifted = { verdict: 'drifted', differences: found, repairable: true } as const
  const asLeft = expected === undefined ? subject : { ...subject, record: { ...record, after: expected } }
  const foreign = record.open ? notMadeBy(asLeft, now, false) : undefined
  const planned = step.plan(input, now, context)
  if (planned.conflict !== undefined) return { ...drifted, reason: planned.conflict }
  if (planned.apply.length > 0)
    return { ...drifted, changes: step.changes?.(input, now) ?? [], repair: planned.apply, ...reasonOf(foreign) }
  // what others put in the place of ours is theirs
  if (foreign !== undefined) return { ...drifted, reason: foreign, repairable: false }
  const drift = record.open && expected !== undefined ? step.drift?.(input, expected, now, context) : undefined
  return drift === undefined ? { verdict: 'holds' } : { ...drifted, reason: drift, repairable: false }
}

const reasonOf = (reason: string | undefined) => (reason === undefined ? {} : { reason })
