import type { RunEvent, StepApplied, StepCalledOff, StepPlanned } from './events.ts'
import type { Json } from './json.ts'
import { begin, stepOf, type Run, type StepRecord } from './run.ts'
import type { Facts } from './step.ts'

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
  const since = record.open ? record.since : event.at
  const known = { ...event, spec, status: 'planned', open: true, before, since, seen, formerly: record } as const
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
