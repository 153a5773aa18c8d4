import type { Command } from '../command.ts'
import { differences, type Difference } from '../difference.ts'
import { equal, type Json } from '../json.ts'
import { lookWith, type Look } from '../look.ts'
import type { Looking } from '../ports.ts'
import type { Run, StepRecord } from '../run.ts'
import type { Change, Plan } from '../step.ts'
import { laterSteps, type LaterSteps } from './expected.ts'
import { untoldChanger } from './opaque.ts'
import { notMadeBy } from './ownership.ts'
import { failureOf, subjectOf, type Subject } from './subject.ts'
import { absentNetns } from './way-back.ts'

/** What has become of a step that held. */
export interface Finding {
  readonly step: string
  readonly uses: string
  /**
   * `unknown`: nsnet could not look; `reason` says why. What a later step of the run may have changed, where one of the two
   * types does not foretell it, holds as long as that one holds; `reason` names it.
   */
  readonly verdict: 'holds' | 'drifted' | 'unknown'
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

/**
 * Looks once at every step of a run that held when the run came to it (also one whose repair failed), and says which of
 * them hold no more, or were changed by others; what an undo has left counts as drifted. Changes nothing.
 */
export async function verify(looking: Looking, run: Run): Promise<readonly Finding[]> {
  const look = lookWith(looking.exec)
  let later: LaterSteps = laterSteps(run, looking.secrets, () => true)
  const records = [...run.steps.values()]
  const sights = await sightsOf(looking, look, run, records.filter(isToBeSeen))
  const all: Finding[] = []
  const holding: StepRecord[] = []
  for (const record of records.toReversed()) {
    const step = looking.stepOf(record.spec.uses)
    if (isToBeSeen(record)) {
      const sight = sights.get(record.spec.id) ?? (await sightOf(looking, look, run, record))
      const found = { ...nothingKnown(record), ...(await verdictOf(look, sight, later)) }
      const finding = excused(found, () => untoldChanger(record, holding, looking.stepOf))
      all.push(finding)
      if (record.open && finding.verdict === 'holds') holding.push(record)
    }
    if (record.open && LEFT.test(record.status))
      all.push({
        ...nothingKnown(record),
        verdict: 'drifted',
        reason: `${record.status}: ${record.reason ?? record.failure?.message ?? ''}`,
      })
    if (record.open && step?.alone === true) later = unknown
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

/** Behind a step that may have changed anything, nobody can tell what others have to see. */
const unknown: LaterSteps = { expected: () => undefined }

const isToBeSeen = ({ status, after }: StepRecord): boolean =>
  /^(applied|satisfied)$/.test(status) || (status === 'failed' && after !== undefined)

/** What an undo has left of a run is not as anybody wanted it. */
const LEFT = /^(kept|undo failed)$/

const nothingKnown = ({ spec: { id, uses } }: StepRecord) => nothingFound({ step: id, uses })

const nothingFound = ({ step, uses }: Pick<Finding, 'step' | 'uses'>) => ({
  step,
  uses,
  changes: [],
  differences: [],
  repair: [],
  repairable: false,
})

/** What is seen of a step: its state, or the netns that is not the one it worked in; or why nsnet could not look. */
type Sight =
  | { readonly subject: Subject; readonly now: Json; readonly absent?: undefined }
  | { readonly subject: Subject; readonly absent: readonly [name: string, reason: string] }
  | { readonly failure: string }

/** Looks at all steps at once, but for those that only look: they may take long, and are looked at one by one. */
async function sightsOf(
  looking: Looking,
  look: Look,
  run: Run,
  records: readonly StepRecord[],
): Promise<ReadonlyMap<string, Sight>> {
  const quick = records.filter(({ spec }) => looking.stepOf(spec.uses)?.onlyLooks !== true)
  const sights = quick.map(async (record) => [record.spec.id, await sightOf(looking, look, run, record)] as const)
  return new Map(await Promise.all(sights))
}

async function sightOf(looking: Looking, look: Look, run: Run, { spec }: StepRecord): Promise<Sight> {
  try {
    const subject = await subjectOf(looking, run, spec.id)
    const [absent] = await absentNetns(look, subject)
    if (absent) return { subject, absent }
    return { subject, now: await look.observe(subject.step, subject.input, subject.context, new Set()) }
  } catch (error) {
    return { failure: failureOf(error).message }
  }
}

async function verdictOf(look: Look, sight: Sight, later: LaterSteps): Promise<Verdict> {
  if ('failure' in sight) return { verdict: 'unknown', reason: sight.failure }
  const { subject, absent } = sight
  if (absent) return { verdict: 'drifted', reason: absent[1], repairable: !(absent[0] in (await look.netns())) }
  try {
    return verdictOn(subject, later.expected(subject), sight.now)
  } catch (error) {
    return { verdict: 'unknown', reason: failureOf(error).message }
  }
}

type Verdict = Pick<Finding, 'verdict'> & Partial<Finding>

function verdictOn(subject: Subject, expected: Json | undefined, now: Json): Verdict {
  const { step, input, context, record } = subject
  if (expected !== undefined && (equal(expected, now) || !holds(step.plan(input, expected, context))))
    // a later step of the run has given it another value
    return { verdict: 'holds' }
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

const holds = (plan: Plan): boolean => plan.conflict === undefined && plan.apply.length === 0

const reasonOf = (reason: string | undefined) => (reason === undefined ? {} : { reason })
