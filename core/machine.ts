import { assign, initialTransition, setup, transition, type SnapshotFrom } from 'xstate'
import type { RunEvent, RunStarted } from './events.ts'
import { begin, note, type Run } from './run.ts'

/** The states of a run. All but `undone` can be undone; `interrupted`, `failed` and `undo failed` can be resumed. */
export type Status = 'running' | 'completed' | 'failed' | 'interrupted' | 'undoing' | 'undo failed' | 'undone'

/** What the engine is asked to do next, for the step with this index; it ends in events. */
export interface Effect {
  readonly type: 'plan' | 'apply' | 'undo'
  readonly index: number
}

/** A run at one moment: its facts, where it stands, and what follows. */
export interface Moment {
  readonly run: Run
  readonly status: Status
  readonly effects: readonly Effect[]
  readonly snapshot: SnapshotFrom<typeof machine>
}

/** Folds the event that begins a run. */
export function start(started: RunStarted): Moment {
  const [snapshot, actions] = initialTransition(machine, { steps: started.steps.map(({ id }) => id) })
  return momentOf(begin(started), snapshot, actions)
}

/** Folds one more event. The run's record is carried on, so the moment before must not be used again. */
export function evolve({ run, snapshot }: Moment, event: RunEvent): Moment {
  if (event.type === 'RunStarted') throw new Error('a run starts once')
  const [next, actions] = transition(machine, snapshot, event)
  note(run, event)
  return momentOf(run, next, actions)
}

/** Says whether an undo was stopped before its end: a resume first finishes the step that it was at. */
export const isMidUndo = ({ snapshot }: Moment): boolean => snapshot.context.left.length > 0

/** Folds a journal. Only the effects of its last event survive. */
export function replay([first, ...rest]: readonly RunEvent[]): Moment {
  if (first?.type !== 'RunStarted') throw new Error('a journal begins with RunStarted')
  return rest.reduce(evolve, start(first))
}

/**
 * Steps are taken in the workflow's order: `cursor` counts those that are dealt with, running moves it up, undoing down.
 * `inFlight` are the steps whose intent is journaled and whose outcome is not. `left` are the steps that an undo takes
 * back, from its end. `stuck` are those that it could not, `kept` those that it left on purpose; a later undo takes both
 * up again. `until` is where it ends.
 */
interface Control {
  readonly steps: readonly string[]
  readonly cursor: number
  readonly inFlight: readonly string[]
  readonly left: readonly number[]
  readonly stuck: readonly number[]
  readonly kept: readonly number[]
  readonly until: number
}

type Event = Exclude<RunEvent, RunStarted>

const atTheBeginning = { cursor: 0, inFlight: [], left: [], stuck: [], kept: [], until: 0 }

const { createMachine } = setup({
  types: { context: {} as Control, events: {} as Event, input: {} as Pick<Control, 'steps'> },
  actions: {
    plan: (_, _effect: { index: number }) => {},
    apply: (_, _effect: { index: number }) => {},
    undo: (_, _effect: { index: number }) => {},
    takeOff: assign(({ event }) => (event.type === 'StepPlanned' ? { inFlight: [event.step] } : {})),
    advance: assign(({ context: { cursor, stuck, kept } }) => ({
      cursor: cursor + 1,
      inFlight: [],
      stuck: stuck.filter((index) => index !== cursor),
      kept: kept.filter((index) => index !== cursor),
    })),
    beginAgain: assign(atTheBeginning),
    turnBack: assign(({ context, event }) => (event.type === 'UndoStarted' ? wayBack(context, event.until) : {})),
    stepBack: assign(({ context }) => behind(context)),
    leaveStuck: assign(({ context }) => ({ ...behind(context), stuck: withLast(context.stuck, context) })),
    keep: assign(({ context }) => ({ ...behind(context), kept: withLast(context.kept, context) })),
    turnForth: assign({ left: [] }),
  },
  guards: {
    rebooted: ({ event }) => event.type === 'RunResumed' && event.facts !== undefined,
    midUndo: ({ context: { left } }) => left.length > 0,
    allDone: ({ context: { cursor, steps } }) => cursor === steps.length,
    allBack: ({ context: { left } }) => left.length === 0,
    someStuck: ({ context: { left, stuck, until } }) => left.length === 0 && stuck.some((index) => index >= until),
    backInPart: ({ context: { left, until } }) => left.length === 0 && until > 0,
  },
})

const machine = createMachine({
  context: ({ input: { steps } }) => ({ steps, ...atTheBeginning }),
  initial: 'running',
  on: {
    RunResumed: [
      { guard: 'rebooted', target: '.running', actions: 'beginAgain' },
      { guard: 'midUndo', target: '.running.finishing' },
      '.running',
    ],
    RunInterrupted: '.interrupted',
    UndoStarted: { target: '.undoing', actions: 'turnBack' },
  },
  states: {
    running: {
      initial: 'next',
      on: {
        StepApplied: { target: '.next', actions: 'advance' },
        StepSatisfied: { target: '.next', actions: 'advance' },
        StepFailed: 'failed',
      },
      states: {
        next: { always: [{ guard: 'allDone', target: '#completed' }, 'planning'] },
        planning: {
          entry: { type: 'plan', params: ({ context: { cursor } }) => ({ index: cursor }) },
          on: { StepPlanned: { target: 'applying', actions: 'takeOff' } },
        },
        // an undo may have been stopped inside its next step: only when that one is undone, it can be planned anew
        finishing: {
          entry: { type: 'undo', params: ({ context: { left } }) => ({ index: left.at(-1)! }) },
          on: {
            StepUndone: { target: 'next', actions: ['stepBack', 'turnForth'] },
            StepKept: { target: 'next', actions: ['keep', 'turnForth'] },
            UndoFailed: { target: 'next', actions: ['leaveStuck', 'turnForth'] },
          },
        },
        applying: { entry: { type: 'apply', params: ({ context: { cursor } }) => ({ index: cursor }) } },
      },
    },
    completed: { id: 'completed' },
    failed: {},
    interrupted: { id: 'interrupted' },
    undoing: {
      initial: 'next',
      states: {
        next: {
          always: [
            { guard: 'someStuck', target: '#undo failed' },
            { guard: 'backInPart', target: '#interrupted' },
            { guard: 'allBack', target: '#undone' },
            'step',
          ],
        },
        step: {
          entry: { type: 'undo', params: ({ context: { left } }) => ({ index: left.at(-1)! }) },
          on: {
            StepUndone: { target: 'next', actions: 'stepBack' },
            StepKept: { target: 'next', actions: 'keep' },
            UndoFailed: { target: 'next', actions: 'leaveStuck' },
          },
        },
      },
    },
    'undo failed': { id: 'undo failed' },
    undone: { id: 'undone' },
  },
})

/** Lists what an undo takes back: everything from `until` on that was planned, and what an earlier undo left. */
function wayBack({ steps, cursor, inFlight, stuck, kept }: Control, stays: string | undefined): Partial<Control> {
  const until = stays === undefined ? 0 : steps.indexOf(stays) + 1
  const top = cursor + inFlight.length
  const planned = Array.from({ length: Math.max(0, top - until) }, (_, at) => until + at)
  const earlier = [...stuck, ...kept].filter((index) => index >= Math.max(top, until)).toSorted((a, b) => a - b)
  const left = [...planned, ...earlier]
  return { until, left }
}

/** Moves an undo past the last of the steps left. */
function behind({ steps, cursor, inFlight, left, stuck, kept }: Control): Partial<Control> {
  const index = left.at(-1)!
  return {
    cursor: Math.min(cursor, index),
    inFlight: inFlight.filter((step) => step !== steps[index]),
    left: left.slice(0, -1),
    stuck: stuck.filter((other) => other !== index),
    kept: kept.filter((other) => other !== index),
  }
}

const withLast = (list: readonly number[], { left }: Control): readonly number[] =>
  [...new Set([...list, left.at(-1)!])].toSorted((a, b) => a - b)

function momentOf(run: Run, snapshot: SnapshotFrom<typeof machine>, actions: readonly unknown[]): Moment {
  return { run, snapshot, status: statusOf(snapshot), effects: actions.flatMap(effectOf) }
}

function statusOf({ value }: SnapshotFrom<typeof machine>): Status {
  return (typeof value === 'string' ? value : Object.keys(value)[0]) as Status
}

function effectOf(action: unknown): readonly Effect[] {
  const { type, params } = action as { readonly type: string; readonly params?: { readonly index: number } }
  return (type === 'plan' || type === 'apply' || type === 'undo') && params ? [{ type, index: params.index }] : []
}
