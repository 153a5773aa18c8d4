import { assign, initialTransition, setup, transition, type SnapshotFrom } from 'xstate'
import type { RunEvent, RunStarted } from './events.ts'
import { begin, note, type Run } from './run.ts'

/** The states of a run. All but `undone` can be undone; `interrupted`, `failed` and `undo failed` can be resumed. */
export type Status = 'running' | 'completed' | 'failed' | 'interrupted' | 'undoing' | 'undo failed' | 'undone'

/** What the engine is asked to do next, for the step with this index; it ends in events. */
export interface Effect {
  readonly type: 'plan' | 'apply' | 'undo' | 'takeBack'
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

/** Says whether an undo was stopped inside a step: a resume first finishes that. */
export const isMidUndo = ({ snapshot }: Moment): boolean => snapshot.context.halfBack.length > 0

/** Folds a journal. Only the effects of its last event survive. */
export function replay([first, ...rest]: readonly RunEvent[]): Moment {
  if (first?.type !== 'RunStarted') throw new Error('a journal begins with RunStarted')
  return rest.reduce(evolve, start(first))
}

/**
 * Steps are taken in the workflow's order: `cursor` counts those that are dealt with, running moves it up, undoing down.
 * `drifted` are steps below it that a repair applies again, from the beginning.
 * `inFlight` are the steps whose intent is journaled and whose outcome is not. `left` are the steps that an undo takes
 * back, from its end. `stuck` are those that it could not, `kept` those that it left on purpose; a later undo takes both
 * up again. `halfBack` are those whose way back is journaled and its outcome is not. `until` is where it ends.
 */
interface Control {
  readonly steps: readonly string[]
  readonly cursor: number
  readonly drifted: readonly number[]
  readonly inFlight: readonly string[]
  readonly left: readonly number[]
  readonly stuck: readonly number[]
  readonly kept: readonly number[]
  readonly halfBack: readonly number[]
  readonly until: number
}

type Event = Exclude<RunEvent, RunStarted>

const atTheBeginning = { cursor: 0, drifted: [], inFlight: [], left: [], stuck: [], kept: [], halfBack: [], until: 0 }

const { createMachine } = setup({
  types: { context: {} as Control, events: {} as Event, input: {} as Pick<Control, 'steps'> },
  actions: {
    plan: (_, _effect: { index: number }) => {},
    apply: (_, _effect: { index: number }) => {},
    undo: (_, _effect: { index: number }) => {},
    takeBack: (_, _effect: { index: number }) => {},
    takeOff: assign(({ event }) => (event.type === 'StepPlanned' ? { inFlight: [event.step] } : {})),
    advance: assign(({ context }) => ahead(context)),
    goRepair: assign(({ context, event }) => (event.type === 'RepairStarted' ? repair(context, event.steps) : {})),
    beginAgain: assign(atTheBeginning),
    goForth: assign({ left: [] }),
    turnBack: assign(({ context, event }) => (event.type === 'UndoStarted' ? wayBack(context, event.until) : {})),
    goHalfBack: assign(({ context }) => ({ halfBack: including(context.halfBack, nextBack(context)) })),
    stepBack: assign(({ context }) => behind(context)),
    leaveStuck: assign(({ context }) => ({ ...behind(context), stuck: including(context.stuck, nextBack(context)) })),
    keep: assign(({ context }) => ({ ...behind(context), kept: including(context.kept, nextBack(context)) })),
  },
  guards: {
    rebooted: ({ event }) => event.type === 'RunResumed' && event.facts !== undefined,
    // an undo as far as the last step that there is leaves the run as it is
    nothingBehind: ({ context, event }) =>
      event.type === 'UndoStarted' && event.until !== undefined && stepsBack(context, event.until).length === 0,
    someHalfBack: ({ context: { halfBack } }) => halfBack.length > 0,
    allDone: ({ context: { cursor, steps, drifted } }) => cursor === steps.length && drifted.length === 0,
    allBack: ({ context: { left } }) => left.length === 0,
    someStuck: ({ context: { left, stuck, until } }) => left.length === 0 && stuck.some((index) => index >= until),
    backInPart: ({ context: { left, until } }) => left.length === 0 && until > 0,
  },
})

/** Takes the next step back: looks whether there is anything to do, journals how, and does it. */
const takingBack = <const Next extends string>(next: Next) =>
  ({
    initial: 'looking',
    on: {
      StepUndone: { target: next, actions: 'stepBack' },
      StepKept: { target: next, actions: 'keep' },
      UndoFailed: { target: next, actions: 'leaveStuck' },
    },
    states: {
      looking: {
        entry: { type: 'undo', params: ({ context }: { context: Control }) => ({ index: nextBack(context) }) },
        on: { UndoPlanned: { target: 'acting', actions: 'goHalfBack' } },
      },
      acting: {
        entry: { type: 'takeBack', params: ({ context }: { context: Control }) => ({ index: nextBack(context) }) },
      },
    },
  }) as const

const machine = createMachine({
  context: ({ input: { steps } }) => ({ steps, ...atTheBeginning }),
  initial: 'running',
  on: {
    RunResumed: [
      { guard: 'rebooted', target: '.running', actions: 'beginAgain' },
      { target: '.running', actions: 'goForth' },
    ],
    RepairStarted: { target: '.running', actions: 'goRepair' },
    RunInterrupted: '.interrupted',
    UndoStarted: [{ guard: 'nothingBehind' }, { target: '.undoing', actions: 'turnBack' }],
  },
  states: {
    running: {
      id: 'running',
      initial: 'next',
      on: {
        StepApplied: { target: '.next', actions: 'advance' },
        StepSatisfied: { target: '.next', actions: 'advance' },
        StepFailed: 'failed',
      },
      states: {
        next: {
          always: [
            { guard: 'someHalfBack', target: 'finishing' },
            { guard: 'allDone', target: '#completed' },
            'planning',
          ],
        },
        // only when the step that an undo was stopped in is undone, it can be planned anew
        finishing: takingBack('#running.next'),
        planning: {
          entry: { type: 'plan', params: ({ context }) => ({ index: nextForth(context) }) },
          on: { StepPlanned: { target: 'applying', actions: 'takeOff' } },
        },
        applying: { entry: { type: 'apply', params: ({ context }) => ({ index: nextForth(context) }) } },
      },
    },
    completed: { id: 'completed' },
    failed: {},
    interrupted: { id: 'interrupted' },
    undoing: {
      id: 'undoing',
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
        step: takingBack('#undoing.next'),
      },
    },
    'undo failed': { id: 'undo failed' },
    undone: { id: 'undone' },
  },
})

/** The step that is planned and applied next: the first that a repair has left, else the one at the cursor. */
const nextForth = ({ cursor, drifted }: Control): number => drifted[0] ?? cursor

/** Moves a run past the step that holds now. */
function ahead(control: Control): Partial<Control> {
  const { cursor, drifted, stuck, kept } = control
  const index = nextForth(control)
  return {
    cursor: drifted.length > 0 ? cursor : cursor + 1,
    drifted: drifted.slice(1),
    inFlight: [],
    stuck: stuck.filter((other) => other !== index),
    kept: kept.filter((other) => other !== index),
  }
}

/** Lists what a repair applies again; what is not applied yet comes by itself. */
const repair = ({ steps, cursor }: Control, ids: readonly string[]): Partial<Control> => ({
  left: [],
  drifted: ids.map((id) => steps.indexOf(id)).filter((index) => index < cursor),
})

/** The step that is taken back next: the last that an undo has left, else one that an earlier undo was stopped in. */
const nextBack = ({ left, halfBack }: Control): number => left.at(-1) ?? halfBack.at(-1)!

const wayBack = (context: Control, stays: string | undefined): Partial<Control> => ({
  until: endOf(context, stays),
  left: stepsBack(context, stays),
  drifted: [],
})

const endOf = ({ steps }: Control, stays: string | undefined): number =>
  stays === undefined ? 0 : steps.indexOf(stays) + 1

/** Lists what an undo takes back: everything behind `stays` that was planned, and what an earlier undo left. */
function stepsBack(context: Control, stays: string | undefined): readonly number[] {
  const { steps, cursor, inFlight, stuck, kept } = context
  const until = endOf(context, stays)
  const top = Math.max(cursor, ...inFlight.map((id) => steps.indexOf(id) + 1))
  const planned = Array.from({ length: Math.max(0, top - until) }, (_, at) => until + at)
  const earlier = [...stuck, ...kept].filter((index) => index >= Math.max(top, until)).toSorted((a, b) => a - b)
  return [...planned, ...earlier]
}

/** Moves an undo past the last of the steps left. */
function behind(control: Control): Partial<Control> {
  const { steps, cursor, inFlight, left, stuck, kept, halfBack } = control
  const index = nextBack(control)
  return {
    cursor: Math.min(cursor, index),
    inFlight: inFlight.filter((step) => step !== steps[index]),
    left: left.slice(0, -1),
    stuck: stuck.filter((other) => other !== index),
    kept: kept.filter((other) => other !== index),
    halfBack: halfBack.filter((other) => other !== index),
  }
}

const including = (list: readonly number[], index: number): readonly number[] =>
  [...new Set([...list, index])].toSorted((a, b) => a - b)

function momentOf(run: Run, snapshot: SnapshotFrom<typeof machine>, actions: readonly unknown[]): Moment {
  return { run, snapshot, status: statusOf(snapshot), effects: actions.flatMap(effectOf) }
}

function statusOf({ value }: SnapshotFrom<typeof machine>): Status {
  return (typeof value === 'string' ? value : Object.keys(value)[0]) as Status
}

const effectTypes: ReadonlySet<string> = new Set<Effect['type']>(['plan', 'apply', 'undo', 'takeBack'])

function effectOf(action: unknown): readonly Effect[] {
  const { type, params } = action as { readonly type: string; readonly params?: { readonly index: number } }
  return effectTypes.has(type) && params ? [{ type: type as Effect['type'], index: params.index }] : []
}
