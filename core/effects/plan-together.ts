import type { Json } from '../json.ts'
import type { Look, NetnsIds } from '../look.ts'
import type { Ports } from '../ports.ts'
import { netnsIn } from '../resource.ts'
import { stepOf, type Run } from '../run.ts'
import { isDone, type Earlier, type Step } from '../step.ts'
import { earlierSteps } from './earlier-steps.ts'
import { stillHolding, type Member } from './disturbance.ts'
import { expectNetns, type Planned } from './plan-once.ts'
import { isWaiting, skipsAmong } from './skips.ts'
import { asEarlier, failureOf, subjectOf, unlessInTrouble, type Subject } from './subject.ts'

/**
 * Plans steps on one look: each on what is there now and on what those before it will have made. Ends before the first of
 * which that cannot be told, which is in conflict with what is there, or which would change what an earlier one wants.
 */
export async function planTogether(
  ports: Ports,
  run: Run,
  ids: readonly string[],
  look: Look,
): Promise<readonly Member[]> {
  const there = await look.netns().catch(ifExpected)
  const candidates = there ? await candidatesOf(ports, run, ids, there) : []
  // a step by itself is planned with patience
  if (!there || candidates.length < 2) return []
  const sights = await Promise.all(candidates.map((candidate) => sightOf(look, candidate)))
  const earlier = earlierSteps()
  const members: Member[] = []
  for (const [at, candidate] of candidates.entries()) {
    const sight = sights[at]
    const seen = sight === undefined ? undefined : unlessInTrouble(() => planned(candidate, sight, there, earlier))
    if (!seen) break
    const { subject, itself } = candidate
    members.push({ subject, itself, seen })
    if (!isDone(seen.planned)) earlier.add(itself)
  }
  return members.slice(0, stillHolding(members))
}

/** A step that may be planned together with others. */
interface Candidate {
  readonly subject: Subject
  readonly itself: Earlier
  /** The netns that it works in and that a step before it makes. */
  readonly absent: ReadonlySet<string>
}

/** Gathers steps up to one that needs what is not there yet: the outputs of an earlier one, or what all of them made. */
async function candidatesOf(
  ports: Ports,
  run: Run,
  ids: readonly string[],
  there: NetnsIds,
): Promise<readonly Candidate[]> {
  const made = new Set<string>()
  const all: Candidate[] = []
  for (const id of ids) {
    const { open, spec } = stepOf(run, id)
    if (spec.timeoutMs !== undefined || (!open && isWaiting(run, spec))) break
    if (!open && skipsAmong(run, ports.secrets, [id], id).length > 0) continue
    const subject = await subjectOf(ports, run, id).catch(ifExpected)
    if (!subject || isByItself(subject.step) || !canBePatient(subject)) break
    const absent = new Set(subject.uses.filter((name) => made.has(name) && !(name in there)))
    all.push({ subject, itself: asEarlier(subject), absent })
    for (const name of (subject.resources.creates ?? []).flatMap(netnsIn)) made.add(name)
  }
  return all
}

const isByItself = ({ onlyLooks, alone }: Step): boolean => onlyLooks === true || alone === true

/** What trouble a step is in, it tells when it is planned by itself. */
function ifExpected(error: unknown): undefined {
  failureOf(error)
}

/** Together, no step needs its patience; one that is broken is to be noticed all the same. */
const canBePatient = ({ step, input }: Subject): boolean =>
  unlessInTrouble(() => step.patience?.(input) ?? true) !== undefined

async function sightOf(look: Look, { subject, absent }: Candidate): Promise<Json | undefined> {
  const { step, input, context } = subject
  return await look.observe(step, input, context, absent).catch(ifExpected)
}

function planned(
  { subject, itself, absent }: Candidate,
  sight: Json,
  there: NetnsIds,
  earlier: ReturnType<typeof earlierSteps>,
): Planned | undefined {
  const { step, input, context, uses } = subject
  const old = uses.filter((name) => !absent.has(name))
  expectNetns({ ...subject, uses: old }, there)
  const { state, stopped } = earlier.foretell(step, input, sight, itself.resources)
  if (stopped !== undefined) return undefined
  const plan = step.plan(input, state, context)
  if (plan.conflict !== undefined) return undefined
  return { state, planned: plan, netns: Object.fromEntries(old.map((name) => [name, there[name]!])) }
}
