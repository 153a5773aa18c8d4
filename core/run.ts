import type { Command } from './command.ts'
import type { Failure, RunEvent, RunStarted, StepApplied, StepCalledOff, StepPlanned, StepSpec } from './events.ts'
import type { Json } from './json.ts'
import { netnsIn, type NetnsId, type Resources } from './resource.ts'
import type { Facts } from './step.ts'

/** What is known of one step of a run, folded from its events. */
export interface StepRecord {
  readonly spec: StepSpec
  readonly status:
    | 'pending'
    | 'planned'
    | 'applied'
    | 'satisfied'
    | 'skipped'
    | 'failed'
    | 'undone'
    | 'gone'
    | 'not ours'
    | 'kept'
    | 'undo failed'
  /** What is there may be ours: the intent is journaled, and no event says that it was taken back. */
  readonly open: boolean
  readonly input?: Json
  /** What it saw when it was planned first: what undo leads back to. */
  readonly before?: Json
  /** What it saw when it was planned first since it held last; the same but for a repair. */
  readonly seen?: Json
  readonly after?: Json
  readonly apply?: readonly Command[]
  readonly undo?: readonly Command[]
  /** What takes it back; there from the intent until it is undone, also if it is kept then: half of it may be done. */
  readonly takingBack?: readonly Command[] | undefined
  readonly resources?: Resources
  readonly netns?: { readonly [name: string]: NetnsId }
  /** When its intent was journaled last. */
  readonly at?: string
  readonly outputs?: { readonly [name: string]: Json }
  readonly failure?: Failure
  readonly reason?: string
  /** Runs that a kept step is needed by. */
  readonly neededBy?: readonly string[]
  readonly durationMs?: number
  /** How often it was tried in vain, and how long the next try waits; until it holds. */
  readonly tried?: { readonly attempt: number; readonly delayMs: number } | undefined
  /** What was known before its last intent, as long as that has no outcome. */
  readonly formerly?: StepRecord | undefined
}

/** The facts of a run: what it set out to do, and what is known of each step, in the workflow's order. */
export interface Run {
  started: RunStarted
  steps: Map<string, StepRecord>
  /** Ids of the steps that an undo has kept. */
  readonly kept: Set<string>
  /** Ids of the steps that an undo could not take back. */
  readonly stuck: Set<string>
  /** Kept by `netnsOf`. */
  netns?: Known | undefined
}

type Known = { readonly [name: string]: NetnsId }

/** Begins the record of a run. */
export function begin(started: RunStarted): Run {
  const pending = started.steps.map((spec) => [spec.id, { spec, status: 'pending', open: false }] as const)
  return { started, steps: new Map(pending), kept: new Set(), stuck: new Set() }
}

/** Adds an event to the record of a run, in place: folding a journal costs the same for every event. */
export function note(run: Run, event: RunEvent): void {
  run.netns = undefined
  if (event.type === 'RunResumed' && event.facts) beginAgain(run, event.facts, event.outliving)
  if (event.type === 'RepairStarted') for (const id of event.steps) run.steps.set(id, { ...stepOf(run, id), netns: {} })
  if (!('step' in event)) return
  const record = afterwards(stepOf(run, event.step), event)
  run.steps.set(event.step, record)
  if (record.status === 'kept') run.kept.add(event.step)
  else run.kept.delete(event.step)
  if (record.status === 'undo failed') run.stuck.add(event.step)
  else run.stuck.delete(event.step)
}

/** Forgets what went with the last boot of the machine; what outlived it counts as in flight, with its first before-image. */
function beginAgain(run: Run, facts: Facts, outliving: readonly string[] = []): void {
  const records = outliving.map((id) => stepOf(run, id))
  Object.assign(run, begin({ ...run.started, facts }))
  for (const record of records)
    run.steps.set(record.spec.id, {
      ...record,
      status: 'planned',
      netns: {},
      takingBack: undefined,
      formerly: undefined,
    })
}

/**
 * The named netns that a run works in, as its steps found or made them. One that a step has made since is that one, whatever
 * a step in flight has found before.
 */
export function netnsOf(run: Run): Known {
  const known = (): Known => {
    const open = [...run.steps.values()].filter((record) => record.open)
    return Object.assign({}, ...open.map(({ netns }) => netns), ...open.map(madeBy)) as Known
  }
  return (run.netns ??= known())
}

function madeBy({ resources, netns = {} }: StepRecord): Known {
  const names = (resources?.creates ?? []).flatMap(netnsIn).filter((name) => name in netns)
  return Object.fromEntries(names.map((name) => [name, netns[name]!]))
}

function afterwards(record: StepRecord, event: StepEvent): StepRecord {
  if (event.type === 'StepCalledOff') return record.formerly ?? record
  if (event.type === 'StepPlanned') return planned(record, event)
  if (event.type === 'StepApplied') return applied(record, event)
  return { ...record, ...changeOf(event), formerly: undefined }
}

/** Forgets what an earlier application left: commands run again, and what they make is another thing. */
function planned(record: StepRecord, event: StepPlanned): StepRecord {
  const { before, seen } = sightsOf(record, event.before)
  const { spec, tried } = record
  const known = { ...event, spec, status: 'planned', open: true, before, seen, formerly: record } as const
  return tried === undefined ? known : { ...known, tried }
}

/** Written out, for it is half of most journals: an object that is spread behind another one costs twice the time. */
function applied(record: StepRecord, { type, step, after, undo, netns, outputs, durationMs }: StepApplied): StepRecord {
  const known = { ...record, type, step, after, undo, netns, outputs, durationMs }
  known.status = 'applied'
  known.takingBack = undefined
  known.formerly = undefined
  known.tried = undefined
  return known
}

/** Finds a step's record. A step that the run does not have means a broken journal. */
export function stepOf(run: Run, id: string): StepRecord {
  const record = run.steps.get(id)
  if (!record) throw new Error(`run ${run.started.run} has no step ${id}`)
  return record
}

/** Finds the outputs of a step that holds: what `steps.<id>.outputs.*` reads. */
export const outputsOf =
  ({ steps }: Run) =>
  (id: string): StepRecord['outputs'] =>
    steps.get(id)?.outputs

/** Keeps what a step saw first, also when it is planned again from what is there by then. */
function sightsOf(record: StepRecord, now: Json): { readonly before: Json; readonly seen: Json } {
  const { open, status, after, before, seen } = record
  const inFlight = open && after === undefined
  // what held before the run and is repaired is taken back to that, not to what others made of it since
  const first = status === 'satisfied' ? (after ?? now) : now
  return { before: open ? before! : first, seen: inFlight ? (seen ?? before!) : now }
}

type StepEvent = Extract<RunEvent, { readonly step: string }>

function changeOf(event: Exclude<StepEvent, StepPlanned | StepApplied | StepCalledOff>): Partial<StepRecord> {
  switch (event.type) {
    case 'StepSatisfied':
      return { ...event, status: 'satisfied', open: false, takingBack: undefined, tried: undefined }
    case 'StepSkipped':
      return { status: 'skipped', reason: event.reason }
    case 'StepRetried':
      return { failure: event.failure, tried: { attempt: event.attempt, delayMs: event.delayMs } }
    case 'StepFailed':
      return { status: 'failed', failure: event.failure, tried: undefined }
    case 'UndoPlanned':
      return { takingBack: event.undo }
    case 'StepUndone':
      return { ...event, status: event.how, open: false, takingBack: undefined }
    case 'StepKept':
      return {
        reason: event.reason,
        neededBy: event.neededBy ?? [],
        durationMs: event.durationMs,
        status: 'kept',
      }
    case 'UndoFailed':
      return { status: 'undo failed', failure: event.failure }
  }
}
