import type { RunStarted } from './events.ts'
import { grouped } from './grouped.ts'
import { equal, type Json } from './json.ts'
import { ofObject } from './memo.ts'
import type { Moment } from './moment.ts'
import type { ResourceKey, Resources } from './resource.ts'
import { secretsIn } from './secret.ts'
import { stepOf, type Run, type StepRecord } from './run.ts'
import { isDone, type Context, type Step } from './step.ts'

/** What one step of a live run makes, shares and uses: an undo of another run does not take it away. */
export interface Claim {
  readonly started: RunStarted
  readonly step: string
  readonly uses: string
  readonly input: Json
  readonly resources: Resources
  /** The step made it; otherwise it held already. */
  readonly open: boolean
  /** When it saw what it leads back to. */
  readonly since?: string | undefined
  /** Keys of what it has changed, or may have: its way back leads to what it found there. */
  readonly changes: readonly ResourceKey[]
}

/**
 * Lists what a run claims: every step that holds or is half done, unless the run is undone. What is in flight for the first
 * time is planned anew when the run goes on, and others have made what they found absent: it needs what it stands on. One whose
 * undo was stopped or failed needs what is not back yet only in so far as it shares it; and, until its undo has gone to its end,
 * what it stands on.
 */
export function claimsOf({ run, status }: Moment): readonly Claim[] {
  const records = [...run.steps.values()]
  const made = new Set(records.flatMap(({ resources }) => resources?.creates ?? []))
  const ground = ({ uses = [] }: Resources): readonly ResourceKey[] => uses.filter((key) => !made.has(key))
  const needs = (record: StepRecord, resources: Resources): Resources => {
    if (status === 'undone' || !lives(record, resources)) return {}
    if (status !== 'undoing' && status !== 'undo failed')
      return neverHeld(record) ? { uses: ground(resources) } : resources
    return record.open ? { shares: resources.shares ?? [], uses: status === 'undoing' ? ground(resources) : [] } : {}
  }
  return records.flatMap((record) => claimOf(run.started, record, needs(record, record.resources ?? {})))
}

/** Writes what a step claims that needs these. */
function claimOf(started: RunStarted, record: StepRecord, needs: Resources): readonly Claim[] {
  const { spec, open, input, resources, since } = record
  if (resources === undefined || input === undefined) return []
  const changes = changedBy(record)
  const claim = { started, step: spec.id, uses: spec.uses, input, resources: needs, open, since, changes }
  return needsAny(claim) || changes.length > 0 ? [claim] : []
}

/** What failed is not what it needs: it is planned anew when the run goes on. */
const lives = ({ open, status }: StepRecord, resources: Resources): boolean =>
  (open && status !== 'kept' && status !== 'failed') || (status === 'satisfied' && ownKeys(resources).length > 0)

/** Says whether all that is known of a step are intents. */
const neverHeld = ({ status, formerly }: StepRecord): boolean =>
  status === 'pending' || (status === 'planned' && formerly !== undefined && neverHeld(formerly))

/** What is left of a step because of others' changes is theirs. */
function changedBy({ open, status, neededBy = [], resources = {} }: StepRecord): readonly ResourceKey[] {
  return open && !(status === 'kept' && neededBy.length === 0) ? ownKeys(resources) : []
}

/** Says whether a claim needs anything, so that its run counts for others. */
export const needsAny = ({ resources }: Claim): boolean => Object.keys(resources).length > 0

/** What of a step other runs need, and which runs these are. */
export interface Need {
  readonly runs: readonly string[]
  /** They need all that the step makes and shares, so that nothing of it may be taken away. */
  readonly whole: boolean
  readonly keys: ReadonlySet<ResourceKey>
}

/**
 * Says what others need of a step that is about to be undone: the keys that they make or share too, unless they would be
 * as content with the state from before the step, and do not stand on it. A rerun of the same workflow needs nothing that it
 * found in place, unless it `borrows` that.
 */
export function needOf(run: Run, id: string, others: readonly Claim[], find: (type: string) => Step | undefined): Need {
  const record = stepOf(run, id)
  const own = ownKeys(record.resources ?? {})
  const claims = needing(run, record, touching(own, others), find)
  const keys = new Set(claims.flatMap(keysOf).filter((key) => own.includes(key)))
  const runs = runsOf(claims).map((it) => it.run)
  const parts = own.length === 0 ? [] : (find(record.spec.uses)?.indivisible?.(record.input) ?? [])
  const whole = (own.length > 0 && own.every((key) => keys.has(key))) || parts.some((key) => keys.has(key))
  return { runs, whole, keys }
}

/**
 * Picks the claims that need what a step has made: those that stand on it, and those that would not be content without it. Of
 * the latter none that somebody else had changed already when the step came: it leads back to that.
 */
function needing(
  run: Run,
  record: StepRecord,
  near: readonly Claim[],
  find: (type: string) => Step | undefined,
): readonly Claim[] {
  const own = ownKeys(record.resources ?? {})
  const isContent = ofObject((claim: Claim) => content(record, claim, find))
  const beside = near.filter((claim) => !standsOn(claim, record))
  const needsSome = ({ resources }: Claim): boolean => ownKeys(resources).some((key) => own.includes(key))
  const without = beside.filter((claim) => needsSome(claim) && counts(run, claim) && !isContent(claim))
  const before = without.length === 0 ? [] : [...beside, ...changedBefore(run, record)]
  const below = before.filter((claim) => claim.open && isContent(claim))
  const isLater = (it: Claim, other: Claim): boolean =>
    standsOn(it, other) || (it.started.run === other.started.run && near.indexOf(it) > near.indexOf(other))
  const isOver = (claim: Claim): boolean => below.some((other) => isLater(other, claim) && covers(other, claim, own))
  const needy = new Set(without.filter((claim) => !isOver(claim)))
  return near.filter((claim) => needy.has(claim) || standsOn(claim, record))
}

/** Lists the claims that have to do with some keys. */
function touching(keys: readonly ResourceKey[], others: readonly Claim[]): readonly Claim[] {
  const places = new Set(keys.flatMap((key) => placesIn(others).get(key) ?? []))
  return [...places].toSorted((a, b) => a - b).map((at) => others[at]!)
}

/** Lists the runs that work with what this run made, and cannot go on without: they have to be undone first. */
export function dependantsOf(run: Run, steps: readonly string[], others: readonly Claim[]): readonly RunStarted[] {
  const records = steps.map((id) => stepOf(run, id)).filter(({ open }) => open)
  const made = new Set(records.flatMap(({ resources }) => resources?.creates ?? []))
  const claims = others.filter((claim) => counts(run, claim))
  const claimed = new Set(claims.flatMap(({ resources }) => ownKeys(resources)))
  const needed = (key: ResourceKey): boolean => made.has(key) && !claimed.has(key)
  return runsOf(claims.filter(({ resources }) => resources.uses?.some(needed)))
}

/** Lists the runs that found in place all of some step of this run, and would not be content without it; reruns too. */
export function findersOf(
  run: Run,
  steps: readonly string[],
  others: readonly Claim[],
  find: (type: string) => Step | undefined,
): readonly RunStarted[] {
  const places = placesIn(others)
  const found = steps.flatMap((id) => {
    const record = stepOf(run, id)
    const own = record.open ? ownKeys(record.resources ?? {}) : []
    const claims = own.slice(0, 1).flatMap((key) => places.get(key) ?? [])
    const isAll = (keys: readonly ResourceKey[]): boolean => own.every((key) => keys.includes(key))
    return claims
      .map((at) => others[at]!)
      .filter((it) => !it.open && isAll(ownKeys(it.resources)) && !content(record, it, find))
  })
  return runsOf(found)
}

const runsOf = (claims: readonly Claim[]): readonly RunStarted[] => [
  ...new Map(claims.map(({ started }) => [started.run, started])).values(),
]

/** What a claim makes, shares and has changed. */
const keysOf = ({ resources, changes }: Claim): readonly ResourceKey[] => [...ownKeys(resources), ...changes]

/** What a step makes and shares. */
export const ownKeys = ({ creates = [], shares = [] }: Resources): readonly ResourceKey[] => [...creates, ...shares]

/** Where in a list of claims each key is made or shared; told once for all steps of an undo, during which it stays the same. */
const placesIn = ofObject((claims: readonly Claim[]) =>
  grouped([...claims.keys()], (at) => [...new Set(keysOf(claims[at]!))]),
)

function counts({ started }: Run, claim: Claim): boolean {
  if (claim.open || claim.started.borrows === true) return true
  const { workflow, inputs } = claim.started
  return workflow.hash !== started.workflow.hash || !equal(inputs, started.inputs)
}

type Made = Pick<Claim, 'open' | 'since'>

/** Says whether something was made on top of something else that was made: its way back leads to what that one has left. */
const standsOn = (it: Made, { open, since = it.since ?? '' }: Made): boolean =>
  it.open && open && (it.since ?? '') > since

/** Lists what earlier steps of the run have changed that this one has changed again. */
function changedBefore({ started, steps }: Run, { spec, resources }: StepRecord): readonly Claim[] {
  const { creates = [], shares = [] } = resources ?? {}
  if (creates.length > 0 || shares.length === 0) return []
  const all = [...steps.values()]
  const earlier = all.slice(
    0,
    all.findIndex((record) => record.spec.id === spec.id),
  )
  return earlier
    .filter((record) => record.resources?.shares?.some((key) => shares.includes(key)))
    .flatMap((record) => claimOf(started, record, {}))
}

/** Says whether a claim takes in all that another one has of some keys. */
const covers = ({ changes }: Claim, other: Claim, keys: readonly ResourceKey[]): boolean =>
  keysOf(other).every((key) => !keys.includes(key) || changes.includes(key))

/**
 * Says whether a claim would hold also in the state that undoing leads back to. Of what holds a secret that is not known:
 * no, so that nothing is taken from anybody.
 */
function content({ spec, before }: StepRecord, claim: Claim, find: (type: string) => Step | undefined): boolean {
  const step = find(claim.uses)
  if (secretsIn([claim.input, before]).length > 0) return false
  if (!step || claim.uses !== spec.uses || before === undefined) return false
  const context: Context = { run: claim.started.run, step: claim.step, facts: claim.started.facts }
  return isDone(step.plan(claim.input, before, context))
}
