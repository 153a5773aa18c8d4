import { assign, createActor, initialTransition, setup, type SnapshotFrom } from 'xstate'
import {
  advanced,
  atTheBeginning,
  beginningAgain,
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
  stuckAt,
  wayBack,
  type Control,
} from './control.ts'
import type { RunEvent, RunStarted } from './events.ts'
import { from, none } from './ranges.ts'

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

/** What follows the first event of a run. */
export type NextEvent = Exclude<RunEvent, RunStarted>

/** Events of one type in a row: several where each is about a step, else one. */
export interface Row {
  readonly type: NextEvent['type']
  readonly events: readonly NextEvent[]
}

/** Where the machine stands, with the control of the steps as its context. */
export type Snapshot = SnapshotFrom<typeof machine>

/** Where the machine stands now, and what it asks for. */
export interface Standing {
  readonly snapshot: Snapshot
  readonly effects: readonly Effect[]
}

const { createMachine } = setup({
  types: { context: {} as Control, events: {} as Row, input: {} as Pick<Control, 'steps' | 'end'> },
  actions: {
    plan: (_, _effect: { index: number }) => {},
    apply: (_, _effect: { index: number }) => {},
    undo: (_, _effect: { index: number }) => {},
    takeBack: (_, _effect: { index: number }) => {},
    beginBatch: assign({ batch: none }),
    takeAlong: assign(({ context, event }) => forEach(context, event, planned)),
    callOff: assign(({ context, event }) => forEach(context, event, calledOff)),
    advance: assign(({ context, event }) => forEach(context, event, advanced)),
    fail: assign(({ context, event }) => forEach(context, event, failed)),
    beginAgain: assign(({ context, event }) => beginningAgain(context, only('RunResumed', event).outliving)),
    goForth: assign(({ context }) => forthAgain(context)),
    goRepair: assign(({ context, event }) => repair(context, only('RepairStarted', event).steps)),
    turnBack: assign(({ context, event }) => wayBack(context, only('UndoStarted', event).until)),
    goHalfBack: assign(({ context, event }) => forEach(context, event, goneHalfBack)),
    stepBack: assign(({ context, event }) => forEach(context, event, behind)),
    leaveStuck: assign(({ context, event }) => forEach(context, event, stuckAt)),
    keep: assign(({ context, event }) => forEach(context, event, keptAt)),
  },
  guards: {
    rebooted: ({ event }) => only('RunResumed', event).facts !== undefined,
    // an undo as far as the last step that there is leaves the run as it is
    nothingBehind: ({ context, event }) => {
      const { until } = only('UndoStarted', event)
      return until !== undefined && stepsBack(context, until).length === 0
    },
    someHalfBack: ({ context }) => context.halfBack.length > 0,
    allDone: ({ context }) => nextForth(context) === undefined && !context.failing,
    allOver: ({ context }) => nextForth(context) === undefined,
    allBack: ({ context: { left } }) => left.length === 0,
    someStuck: ({ context: { left, stuck, until } }) => left.length === 0 && from(stuck, until).length > 0,
    backInPart: ({ context: { left, until } }) => left.length === 0 && until > 0,
  },
})

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
          on: { StepPlanned: { target: 'applying', actions: ['beginBatch', 'takeAlong'] } },
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

/** Takes the next steps back: looks whether there is anything to do, journals how, and does it. */
function takingBack<const Next extends string>(next: Next) {
  return {
    initial: 'looking',
    on: {
      StepUndone: { target: next, actions: 'stepBack' },
      StepKept: { target: next, actions: 'keep' },
      UndoFailed: { target: next, actions: 'leaveStuck' },
    },
    states: {
      looking: {
        entry: { type: 'undo', params: ({ context }: { context: Control }) => ({ index: nextBack(context) }) },
        on: { UndoPlanned: { target: 'acting', actions: ['beginBatch', 'goHalfBack'] } },
      },
      acting: {
        on: { UndoPlanned: { target: 'acting', reenter: true, actions: 'goHalfBack' } },
        entry: { type: 'takeBack', params: ({ context }: { context: Control }) => ({ index: nextBack(context) }) },
      },
    },
  } as const
}

/** Changes the control for the step of each event of a row. */
function forEach(
  control: Control,
  { events }: Row,
  change: (control: Control, index: number, event: NextEvent) => Partial<Control>,
): Control {
  let now = control
  for (const event of events) if ('step' in event) now = { ...now, ...change(now, now.indexOf.get(event.step)!, event) }
  return now
}

/** Moves past a step whose failure does not matter; another one ends all but the steps at the end. */
const failed = (control: Control, index: number, event: NextEvent): Partial<Control> =>
  event.type === 'StepFailed' && event.continues === true ? advanced(control, index) : failedAt(control, index)

/** The event of a row that is about the whole run: there is one. */
function only<const Type extends NextEvent['type']>(type: Type, { events: [event] }: Row) {
  if (event?.type !== type) throw new Error(`expected ${type}, got ${event?.type}`)
  return event as Extract<NextEvent, { readonly type: Type }>
}

/** Where a run of these steps begins; those from `end` on are taken in any case. */
export function beginning(input: Pick<Control, 'steps' | 'end'>): Standing {
  const [snapshot, actions] = initialTransition(machine, input)
  return { snapshot, effects: actions.flatMap(effectOf) }
}

/**
 * Tells the machine of events. Does what xstate's own `transition` does: that one makes an actor for each event, and with it
 * the state that a run begins in; here one that is never started serves them all.
 */
export function transition(before: Snapshot, row: Row): Standing {
  const actions: unknown[] = []
  const scope = { ...inert, actionExecutor: (action: unknown) => actions.push(action) }
  const snapshot = machine.transition(before, row, scope)
  return { snapshot, effects: actions.flatMap(effectOf) }
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

/** Names the state of a run. */
export const statusOf = ({ value }: Snapshot): Status =>
  (typeof value === 'string' ? value : Object.keys(value)[0]) as Status

const effectTypes: ReadonlySet<string> = new Set<Effect['type']>(['plan', 'apply', 'undo', 'takeBack'])

function effectOf(action: unknown): readonly Effect[] {
  const { type, params } = action as { readonly type: string; readonly params?: { readonly index: number } }
  return effectTypes.has(type) && params ? [{ type: type as Effect['type'], index: params.index }] : []
}
