import { stepsForth } from './control.ts'
import type { RunEvent, RunStarted } from './events.ts'
import {
  beginning,
  statusOf,
  transition,
  type Effect,
  type NextEvent,
  type Snapshot,
  type Standing,
  type Status,
} from './machine.ts'
import { note } from './note.ts'
import { downwards, type Ranges } from './ranges.ts'
import { begin, type Run } from './run.ts'

/** A run at one moment: its facts, where it stands, and what follows. */
export interface Moment {
  readonly run: Run
  readonly status: Status
  readonly effects: readonly Effect[]
  readonly snapshot: Snapshot
}

/** Folds the event that begins a run. */
export function start(started: RunStarted): Moment {
  const { steps } = started
  const atEnd = steps.findIndex((step) => step.finally === true)
  const ids = steps.map(({ id }) => id)
  return momentOf(begin(started), beginning({ steps: ids, end: atEnd === -1 ? steps.length : atEnd }))
}

/** Folds one more event. The run's record is carried on, so the moment before must not be used again. */
export const evolve = (moment: Moment, event: RunEvent): Moment => evolveAll(moment, [event])

/** Folds more events; of the effects that they ask for, the last ones count. The moment before must not be used again. */
export function evolveAll(moment: Moment, events: readonly RunEvent[]): Moment {
  const folding = foldingOn(moment)
  for (const event of events) folding.add(event)
  return folding.moment()
}

/** Folds a journal. Only the effects of its last event survive. */
export function replay([first, ...rest]: readonly RunEvent[]): Moment {
  if (first?.type !== 'RunStarted') throw new Error('a journal begins with RunStarted')
  return evolveAll(start(first), rest)
}

/** Events that are folded as they come. */
export interface Folding {
  readonly add: (event: RunEvent) => void
  /** Where they have led to. */
  readonly moment: () => Moment
}

/**
 * Begins to fold on from a moment, which must not be used again. The machine is told at once of events of one type in a row
 * that are each about a step, such as the intents of a batch: a transition costs some 30 µs, one more step in it nothing.
 */
export function foldingOn(moment: Moment): Folding {
  let now = moment
  let row: NextEvent[] = []
  const tell = (): Moment => {
    const [first] = row
    if (!first) return now
    const next = transition(now.snapshot, { type: first.type, events: row })
    row = []
    return (now = momentOf(now.run, next))
  }
  return {
    add(event) {
      if (event.type === 'RunStarted') throw new Error('a run starts once')
      if (row[0] && (row[0].type !== event.type || !('step' in event))) tell()
      row.push(event)
      note(now.run, event)
    },
    moment: tell,
  }
}

/** Says whether an undo was stopped inside a step: a resume first finishes that. */
export const isMidUndo = ({ snapshot }: Moment): boolean => snapshot.context.halfBack.length > 0

/** Goes through the steps that are still to be applied, in their order. */
export const forth = ({ snapshot }: Moment): Generator<number> => stepsForth(snapshot.context)

/** Goes through the steps that are still to be taken back, the last one first. */
export const back = ({ snapshot: { context } }: Moment): Generator<number> =>
  downwards(context.left.length > 0 ? context.left : context.halfBack)

/** The steps whose intents were journaled last, without an outcome since: what `apply` and `takeBack` work on. */
export const batchOf = ({ snapshot }: Moment): Ranges => snapshot.context.batch

function momentOf(run: Run, { snapshot, effects }: Standing): Moment {
  return { run, snapshot, status: statusOf(snapshot), effects }
}
