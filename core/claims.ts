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
}

/**
 * Lists what a run claims: every step that holds or is half done, unless the run is undone. What is in flight for the first
 * time is planned anew when the run goes on, and others have made what they found absent: it needs what it stands on. One whose
 * undo was stopped or failed needs what is not back yet only in so far as it shares it; and, until its undo has gone to its end,
 * what it stands on.
 */
export function claimsOf({ run, status }: Moment): readonly Claim[] {
  if (status === 'undone') return []
  const records = [...run.steps.values()]
  const made = new Set(records.flatMap(({ resources }) => resources?.creates ?? []))
  const ground = ({ uses = [] }: Resources): readonly ResourceKey[] => uses.filter((key) => !made.has(key))
  const goesBack = status === 'undoing' || status === 'undo failed'
  return records.flatMap((record): readonly Claim[] => {
    const { spec, open, input, resources } = record
    if (resources === undefined || input === undefined || !lives(record, resources)) return []
    const claim = { started: run.started, step: spec.id, uses: spec.uses, input, open }
    if (!goesBack) return [{ ...claim, resources: neverHeld(record) ? { uses: ground(resources) } : resources }]
    const uses = status === 'undoing' ? ground(resources) : []
    return open ? [{ ...claim, resources: { shares: resources.shares ?? [], uses } }] : []
  })
}

/** What failed is not what it needs: it is planned anew when the run goes on. */
const lives = ({ open, status }: StepRecord, resources: Resources): boolean =>
  (open && status !== 'kept' && status !== 'failed') || (status === 'satisfied' && ownKeys(resources).length > 0)

/** Says whether all that is known of a step are intents. */
const neverHeld = ({ status, formerly }: StepRecord): boolean =>
  status === 'pending' || (status === 'planned' && formerly !== undefined && neverHeld(formerly))

/** What of a step other runs need, and which runs these are. */
export interface Need {
  readonly runs: readonly string[]
  /** They need all that the step makes and shares, so that nothing of it may be taken away. */
  readonly whole: boolean
  readonly keys: ReadonlySet<ResourceKey>
}

/**
 * Says what others need of a step that is about to be undone: the keys that they make or share too, unless they would be
 * as content with the state from before the step. A rerun of the same workflow needs nothing that it found in place, unless
 * it `borrows` that.
 */
export function needOf(run: Run, id: string, others: readonly Claim[], find: (type: string) => Step | undefined): Need {
  const record = stepOf(run, id)
  const own = ownKeys(record.resources ?? {})
  const touching = new Set(own.flatMap((key) => placesIn(others).get(key) ?? []))
  const claims = [...touching]
    .toSorted((a, b) => a - b)
    .map((at) => others[at]!)
    .filter((claim) => counts(run, claim) && !content(record, claim, find))
  const keys = new Set(claims.flatMap(({ resources }) => ownKeys(resources)).filter((key) => own.includes(key)))
  const runs = runsOf(claims).map((it) => it.run)
  return { runs, whole: own.length > 0 && own.every((key) => keys.has(key)), keys }
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

const ownKeys = ({ creates = [], shares = [] }: Resources): readonly ResourceKey[] => [...creates, ...shares]

/** Where in a list of claims each key is made or shared; told once for all steps of an undo, during which it stays the same. */
const placesIn = ofObject((claims: readonly Claim[]) =>
  grouped([...claims.keys()], (at) => ownKeys(claims[at]!.resources)),
)

function counts({ started }: Run, claim: Claim): boolean {
  if (claim.open || claim.started.borrows === true) return true
  const { workflow, inputs } = claim.started
  return workflow.hash !== started.workflow.hash || !equal(inputs, started.inputs)
}

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
