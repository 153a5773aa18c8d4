import { assign, createActor, initialTransition, setup, type SnapshotFrom } from 'xstate'
import {
  advanced,
  atTheBeginning,
  behind,
  calledOff,
  failedAt,
  forthAgain,
  goneHalfBack,
  keptAt,
  nextBack,
  nextForth,
  planned,
  repair,
  stepsBack,
  stepsForth,
  stuckAt,
  wayBack,
  type Control,
} from './control.ts'
import type { RunEvent, RunStarted } from './events.ts'
import { downwards, from, none, type Ranges } from './ranges.ts'
import { begin, note, type Run } from './run.ts'

/** The states of a run. All but `undone` can be undone; `interrupted`, `failed` and `undo failed` can be resumed. */
export type Status = 'running' | 'completed' | 'failed' | 'interrupted' | 'undoing' | 'undo failed' | 'undone'

/**
 * What the engine is asked to do next; it ends in events. `plan` and `undo` begin with the step of this index and go on with
 * as many of the next ones as they can tell without another look; `apply` and `takeBack` work on what these have journaled.
 */
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
  const { steps } = started
  const atEnd = steps.findIndex((step) => step.finally === true)
  const input = { steps: steps.map(({ id }) => id), end: atEnd === -1 ? steps.length : atEnd }
  const [snapshot, actions] = initialTransition(machine, input)
  return momentOf(begin(started), snapshot, actions)
}

/** Folds one more event. The run's record is carried on, so the moment before must not be used again. */
export const evolve = (moment: Moment, event: RunEvent): Moment => evolveAll(moment, [event])

/** Folds more events; of the effects that they ask for, the last ones count. The moment before must not be used again. */
export function evolveAll(moment: Moment, events: readonly RunEvent[]): Moment {
  const folding = foldingOn(moment)
  for (const event of events) folding.add(event)
  return folding.moment()
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
  let row: Event[] = []
  const tell = (): Moment => {
    const [first] = row
    if (!first) return now
    const [next, actions] = transition(now.snapshot, { type: first.type, events: row })
    row = []
    return (now = momentOf(now.run, next, actions))
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

type Event = Exclude<RunEvent, RunStarted>

/** Events of one type in a row. */
interface Row {
  readonly type: Event['type']
  readonly events: readonly Event[]
}

/** Changes the control for the step of each event of a row. */
function forEach(
  control: Control,
  { events }: Row,
  change: (control: Control, index: number) => Partial<Control>,
): Control {
  let now = control
  for (const event of events) if ('step' in event) now = { ...now, ...change(now, now.indexOf.get(event.step)!) }
  return now
}

/** Moves past the steps whose failure does not matter; another one ends all but the steps at the end. */
const fail = (control: Control, { events }: Row): Control =>
  events.reduce((now, event) => {
    if (event.type !== 'StepFailed') return now
    const index = now.indexOf.get(event.step)!
    return { ...now, ...(event.continues === true ? advanced(now, index) : failedAt(now, index)) }
  }, control)

const nothingInBatch = (control: Control): Control => ({ ...control, batch: none })

const { createMachine } = setup({
  types: { context: {} as Control, events: {} as Row, input: {} as Pick<Control, 'steps' | 'end'> },
  actions: {
    plan: (_, _effect: { index: number }) => {},
    apply: (_, _effect: { index: number }) => {},
    undo: (_, _effect: { index: number }) => {},
    takeBack: (_, _effect: { index: number }) => {},
    takeOff: assign(({ context, event }) => forEach(nothingInBatch(context), event, planned)),
    takeAlong: assign(({ context, event }) => forEach(context, event, planned)),
    callOff: assign(({ context, event }) => forEach(context, event, calledOff)),
    advance: assign(({ context, event }) => forEach(context, event, advanced)),
    goRepair: assign(
      ({
        context,
        event: {
          events: [event],
        },
      }) => (event?.type === 'RepairStarted' ? repair(context, event.steps) : {}),
    ),
    beginAgain: assign(atTheBeginning),
    goForth: assign(({ context }) => forthAgain(context)),
    fail: assign(({ context, event }) => fail(context, event)),
    turnBack: assign(
      ({
        context,
        event: {
          events: [event],
        },
      }) => (event?.type === 'UndoStarted' ? wayBack(context, event.until) : {}),
    ),
    goHalfBack: assign(({ context, event }) => forEach(nothingInBatch(context), event, goneHalfBack)),
    goHalfBackToo: assign(({ context, event }) => forEach(context, event, goneHalfBack)),
    stepBack: assign(({ context, event }) => forEach(context, event, behind)),
    leaveStuck: assign(({ context, event }) => forEach(context, event, stuckAt)),
    keep: assign(({ context, event }) => forEach(context, event, keptAt)),
  },
  guards: {
    rebooted: ({
      event: {
        events: [event],
      },
    }) => event?.type === 'RunResumed' && event.facts !== undefined,
    // an undo as far as the last step that there is leaves the run as it is
    nothingBehind: ({
      context,
      event: {
        events: [event],
      },
    }) => event?.type === 'UndoStarted' && event.until !== undefined && stepsBack(context, event.until).length === 0,
    someHalfBack: ({ context }) => context.halfBack.length > 0,
    allDone: ({ context }) => nextForth(context) === undefined && !context.failing,
    allOver: ({ context }) => nextForth(context) === undefined,
    allBack: ({ context: { left } }) => left.length === 0,
    someStuck: ({ context: { left, stuck, until } }) => left.length === 0 && from(stuck, until).length > 0,
    backInPart: ({ context: { left, until } }) => left.length === 0 && until > 0,
  },
})

/** Takes the next steps back: looks whether there is anything to do, journals how, and does it. */
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
        on: { UndoPlanned: { target: 'acting', reenter: true, actions: 'goHalfBackToo' } },
        entry: { type: 'takeBack', params: ({ context }: { context: Control }) => ({ index: nextBack(context) }) },
      },
    },
  }) as const

const machine = createMachine({
  context: ({ input: { steps, end } }) => ({
    steps,
    end,
    indexOf: new Map(steps.map((id, at) => [id, at])),
    ...atTheBeginning,
  }),
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
        StepSkipped: { target: '.next', actions: 'advance' },
        StepCalledOff: { actions: 'callOff' },
        StepRetried: '.next',
        StepFailed: { target: '.next', actions: 'fail' },
      },
      states: {
        next: {
          always: [
            { guard: 'someHalfBack', target: 'finishing' },
            { guard: 'allDone', target: '#completed' },
            { guard: 'allOver', target: '#failed' },
            'planning',
          ],
        },
        // only when the step that an undo was stopped in is undone, it can be planned anew
        finishing: takingBack('#running.next'),
        planning: {
          entry: { type: 'plan', params: ({ context }) => ({ index: nextForth(context)! }) },
          on: { StepPlanned: { target: 'applying', actions: 'takeOff' } },
        },
        applying: {
          entry: { type: 'apply', params: ({ context }) => ({ index: nextForth(context)! }) },
          on: { StepPlanned: { target: 'applying', reenter: true, actions: 'takeAlong' } },
        },
      },
    },
    completed: { id: 'completed' },
    failed: { id: 'failed' },
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

/**
 * Does what xstate's own `transition` does. That one makes an actor for each event, and with it the state that a run begins
 * in; here one that is never started serves them all.
 */
function transition(snapshot: SnapshotFrom<typeof machine>, event: Row) {
  const actions: unknown[] = []
  const scope = { ...inert, actionExecutor: (action: unknown) => actions.push(action) }
  return [machine.transition(snapshot, event, scope), actions] as const
}

const actor = createActor(machine, { input: { steps: [], end: 0 } })

const nothing = (): void => undefined

const inert = {
  self: actor,
  system: actor.system,
  id: '',
  sessionId: '',
  logger: nothing,
  defer: nothing,
  emit: nothing,
  stopChild: nothing,
}

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
