import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RunEvent } from '../../core/events.ts'
import { evolve, evolveAll, replay, start, type Moment } from '../../core/moment.ts'
import { netnsOf } from '../../core/run.ts'
import {
  after,
  applied,
  calledOff,
  failed,
  interrupted,
  kept,
  planned,
  repairStarted,
  resumed,
  satisfied,
  started,
  undoFailed,
  undoPlanned,
  undone,
  undoStarted,
} from '../support/events.ts'

const run = started('a', 'b', 'c')
const done = (step: string) => [planned(step), applied(step)]
const ns = (made: string) => ({ ns1: { inode: 4026532000, made } })
const known = (...events: readonly RunEvent[]) => netnsOf(replay([run, ...events]).run)

describe('running', () => {
  test('begins by planning the first step', () => after(run).next('plan a'))
  test('applies a step once its intent is journaled', () => after(run, planned('a')).next('apply a'))
  test('goes on with the next step when one is applied', () => after(run, ...done('a')).next('plan b'))
  test('goes on with the next step when one is satisfied', () => after(run, satisfied('a')).next('plan b'))
  test('is completed after the last step', () => after(run, ...['a', 'b', 'c'].flatMap(done)).is('completed'))
  test('is completed at once without steps', () => after(started()).is('completed'))
  test('stands still when a step fails while it is planned', () => after(run, failed('a')).is('failed'))
  test('stands still when a step fails while it is applied', () => after(run, planned('a'), failed('a')).is('failed'))
  test('stands still when it is interrupted', () => after(run, ...done('a'), interrupted).is('interrupted'))
})

describe('resuming', () => {
  test('plans the failed step again', () => after(run, ...done('a'), failed('b'), resumed).next('plan b'))
  test('plans a step in flight again', () => after(run, planned('a'), interrupted, resumed).next('plan a'))
  test('plans a step in flight again after a crash', () => after(run, planned('a'), resumed).next('plan a'))
  test('goes on after a step that turned out to be finished', () =>
    after(run, planned('a'), resumed, applied('a')).next('plan b'))
  test('sets up again what a partial undo took back', () =>
    after(run, ...['a', 'b', 'c'].flatMap(done), undoStarted('a'), undone('c'), undone('b'), resumed).next('plan b'))
  const halfBack = [run, ...['a', 'b', 'c'].flatMap(done), undoStarted(), undone('c'), undoPlanned('b')]
  test('plans again what an undo has taken back', () => after(...halfBack.slice(0, -1), resumed).next('plan c'))
  test('first finishes the step that an undo was killed in', () => after(...halfBack, resumed).next('undo b'))
  test('and then plans it anew', () => after(...halfBack, resumed, undoPlanned('b'), undone('b')).next('plan b'))
  test('takes that step back when the resume is killed too', () =>
    after(...halfBack, resumed, undoStarted()).next('undo b'))
  test('begins anew after a reboot, also in the middle of an undo', () =>
    after(run, ...['a', 'b'].flatMap(done), undoStarted(), { type: 'RunResumed', facts: run.facts }).next('plan a'))
})

describe('the netns that a run works in', () => {
  const madeAs = (made: string): readonly RunEvent[] => [
    { ...planned('a'), resources: { creates: ['netns:ns1'] } } as RunEvent,
    { ...applied('a'), netns: ns(made) } as RunEvent,
  ]
  const inFlight = { ...planned('b'), resources: { uses: ['netns:ns1'] }, netns: ns('1') } as RunEvent
  test('is the one that a step has made', () => expect(known(...madeAs('1'))).toEqual(ns('1')))
  test('is the one that a step has found', () => expect(known(inFlight)).toEqual(ns('1')))
  test('is the one that was made anew, whatever a step in flight has found before', () =>
    expect(
      known(...madeAs('1'), inFlight, undoStarted(), undoPlanned('a'), resumed, undone('a'), ...madeAs('2')),
    ).toEqual(ns('2')))
})

describe('repairing', () => {
  const whole = [run, ...['a', 'b', 'c'].flatMap(done)]
  const halfDone = [...whole, repairStarted('a', 'c'), planned('a')]
  test('plans what drifted, in the order of the workflow', () =>
    after(...whole, repairStarted('a', 'c')).next('plan a'))
  test('goes on with the next that drifted', () => after(...halfDone, applied('a')).next('plan c'))
  test('is completed when all of it holds', () => after(...halfDone, applied('a'), satisfied('c')).is('completed'))
  test('goes on where it was killed', () => after(...halfDone, resumed).next('plan a'))
  test('goes on with the step that failed', () => after(...halfDone, failed('a'), resumed).next('plan a'))
  test('is undone from the last step of the run', () => after(...halfDone, undoStarted()).next('undo c'))
  test('leaves what is not applied yet to a resume', () =>
    after(run, ...done('a'), failed('b'), repairStarted('a', 'b'), ...done('a')).next('plan b'))
  test('keeps the first before-image', () => {
    const { run: facts } = replay([...halfDone, applied('a')])
    expect(facts.steps.get('a')).toMatchObject({ status: 'applied', open: true, before: null })
  })
})

describe('undoing', () => {
  const whole = [run, ...['a', 'b', 'c'].flatMap(done)]

  test('begins with the last step', () => after(...whole, undoStarted()).next('undo c'))
  test('takes a step back once that is journaled', () =>
    after(...whole, undoStarted(), undoPlanned('c')).next('takeBack c'))
  test('looks again at a step that it was killed in', () =>
    after(...whole, undoStarted(), undoPlanned('c'), undoStarted()).next('undo c'))
  test('goes backwards', () => after(...whole, undoStarted(), undone('c')).next('undo b'))
  test('ends undone', () => after(...whole, undoStarted(), undone('c'), undone('b'), undone('a')).is('undone'))
  test('begins with the step in flight', () => after(run, ...done('a'), planned('b'), undoStarted()).next('undo b'))
  test('begins with a step that failed half-way', () =>
    after(run, ...done('a'), planned('b'), failed('b'), undoStarted()).next('undo b'))
  test('begins with the half-done step also after a resume was cut short', () =>
    after(run, planned('a'), interrupted, resumed, undoStarted()).next('undo a'))
  test('leaves out a step that was never planned', () =>
    after(run, ...done('a'), failed('b'), undoStarted()).next('undo a'))
  test('has nothing to do when nothing was done', () => after(run, failed('a'), undoStarted()).is('undone'))
  test('stays undone when asked again', () => after(run, failed('a'), undoStarted(), undoStarted()).is('undone'))
  test('goes on with the others when one step fails', () =>
    after(...whole, undoStarted(), undoFailed('c')).next('undo b'))
  test('says at its end that a step is left', () =>
    after(...whole, undoStarted(), undoFailed('c'), undone('b'), undone('a')).is('undo failed'))
  test('takes up again what was left', () =>
    after(...whole, undoStarted(), undoFailed('c'), undone('b'), undone('a'), undoStarted()).next('undo c'))
  test('ends undone when what was left is taken back', () =>
    after(...whole, undoStarted(), undoFailed('c'), undone('b'), undone('a'), undoStarted(), undone('c')).is('undone'))
  test('keeps what was left over an interruption', () =>
    after(...whole, undoStarted(), undoFailed('c'), undone('b'), interrupted, undoStarted(), undone('c')).next(
      'undo a',
    ))
  test('goes on where a crash stopped it', () =>
    after(...whole, undoStarted(), undone('c'), undoStarted()).next('undo b'))
  test('stops before the step that it goes back to', () =>
    after(...whole, undoStarted('a'), undone('c'), undone('b')).is('interrupted'))
  test('leaves the run as it is when nothing came after the step that stays', () => {
    after(...whole, undoStarted('c')).is('completed')
    after(run, ...done('a'), failed('b'), undoStarted('a')).is('failed')
    after(...whole, undoStarted('c'), undoStarted('b')).next('undo c')
  })
  test('goes on past a partial undo', () =>
    after(...whole, undoStarted('b'), undone('c'), undoStarted()).next('undo b'))
})

describe('whatever happens, killed and stopped anywhere', () => {
  const beginning = started('a', 'b', 'c', 'd')
  /** Any course of events, and what then has to hold. */
  const always = (holds: (now: Moment) => void): void =>
    fc.assert(
      fc.property(fc.array(fc.nat(99), { maxLength: 40 }), (choices) =>
        holds(choices.reduce((now, by) => evolve(now, following(now, by)), start(beginning))),
      ),
      { numRuns: 2_000 },
    )

  test('an undo looks at every step that may have left something, and then the run is undone', () =>
    always((before) => {
      let now = evolve(before, undoStarted())
      for (let step = stepOf(now); step !== undefined; step = stepOf(now)) now = evolve(now, undone(step))
      const open = [...now.run.steps.values()].filter((step) => step.open)
      expect({ status: now.status, open }).toEqual({ status: 'undone', open: [] })
    }))

  test('a resume first finishes the step that was half back, and then plans it', () =>
    always((before) => {
      const inDoubt = before.effects[0]?.type === 'takeBack' ? stepOf(before) : undefined
      const acts = new Map<string | undefined, string>([[undefined, 'undo plan']])
      let now = evolve(before, resumed)
      for (let step = stepOf(now); step !== undefined; step = stepOf(now)) {
        const { type } = now.effects[0]!
        if (type === 'undo' || type === 'plan') acts.set(step, `${acts.get(step) ?? ''} ${type}`.trim())
        now = evolve(now, { plan: planned, apply: applied, undo: undoPlanned, takeBack: undone }[type](step))
      }
      expect({ status: now.status, acts: acts.get(inDoubt) }).toEqual({ status: 'completed', acts: 'undo plan' })
    }))
})

/** What may follow where a run stands; `by` chooses. */
function following(now: Moment, by: number): RunEvent {
  const step = stepOf(now)
  const outcomes: { readonly [type: string]: (id: string) => readonly RunEvent[] } = {
    plan: (id) => [planned(id), planned(id), satisfied(id), failed(id), applied(id)],
    apply: (id) => [applied(id), applied(id), failed(id)],
    undo: (id) => [undoPlanned(id), undoPlanned(id), undone(id), undoFailed(id), kept(id)],
    takeBack: (id) => [undone(id), undone(id), undoFailed(id), kept(id)],
  }
  const repairs = now.status === 'completed' ? [repairStarted('b'), repairStarted('a', 'd')] : []
  const goOn = now.status === 'undone' ? [] : [resumed, interrupted]
  const anyTime = [...repairs, ...goOn, undoStarted(), undoStarted('a')]
  const all = [...(step === undefined ? [] : outcomes[now.effects[0]!.type]!(step)), ...anyTime]
  return all[by % all.length]!
}

function stepOf({ run: facts, effects: [effect] }: Moment): string | undefined {
  return effect && facts.started.steps[effect.index]!.id
}

describe('a batch', () => {
  const run4 = started('a', 'b', 'c', 'd')
  const batch = [run4, planned('a'), planned('c'), planned('d')]
  const whole = [...batch, applied('a'), satisfied('b'), applied('c'), applied('d')]
  test('is applied from its first step on', () => after(...batch).next('apply a'))
  test('goes on with what held already and is told only when the others are applied', () =>
    after(...batch, applied('a'), satisfied('b'), applied('c'), applied('d')).is('completed'))
  test('goes on with the step that does not hold after all', () =>
    after(...batch, applied('a'), applied('c'), applied('d')).next('plan b'))
  test('plans the step that failed again, and then none of those behind it that hold', () =>
    after(...batch, applied('a'), satisfied('b'), applied('d'), failed('c'), resumed).next('plan c'))
  test('is completed when that one holds', () =>
    after(...batch, applied('a'), satisfied('b'), applied('d'), failed('c'), resumed, ...done('c')).is('completed'))
  test('plans what was called off again', () =>
    after(...batch, calledOff('d'), applied('a'), satisfied('b'), failed('c'), resumed, ...done('c')).next('plan d'))
  test('is undone from the last step that was applied', () =>
    after(...batch, calledOff('d'), applied('a'), satisfied('b'), failed('c'), undoStarted()).next('undo c'))
  test('is undone with the steps that hold behind the one that failed', () =>
    after(...batch, applied('a'), satisfied('b'), applied('d'), failed('c'), undoStarted()).next('undo d'))
  test('forgets nothing of a step that was in flight before its last intent was called off', () =>
    after(
      run4,
      planned('a'),
      planned('b'),
      resumed,
      planned('a'),
      planned('b'),
      calledOff('b'),
      failed('a'),
      undoStarted(),
    ).next('undo b'))
  test('is taken back together', () =>
    after(
      ...batch,
      applied('a'),
      satisfied('b'),
      applied('c'),
      applied('d'),
      undoStarted(),
      undoPlanned('d'),
      undoPlanned('c'),
    ).next('takeBack d'))
  test('goes on with the rest where a part is back', () =>
    after(...whole, undoStarted(), undoPlanned('d'), undoPlanned('c'), undone('d'), undone('c')).next('undo b'))
  test('is the same, folded at once or one by one', () => {
    const events = [planned('a'), planned('c'), calledOff('c'), applied('a'), satisfied('b'), failed('c'), resumed]
    const single = events.reduce(evolve, start(run4))
    const { effects, status } = evolveAll(start(run4), events)
    expect({ effects, status }).toEqual({ effects: single.effects, status: single.status })
  })
})

describe('a step that is called off', () => {
  test('is as it was before its last intent', () => {
    const { run: facts } = replay([run, planned('a'), calledOff('a')])
    expect(facts.steps.get('a')).toMatchObject({ status: 'pending', open: false })
    expect(facts.steps.get('a')).not.toHaveProperty('before')
  })
  test('is still in flight when it was before', () => {
    const { run: facts } = replay([run, planned('a'), resumed, planned('a'), calledOff('a')])
    expect(facts.steps.get('a')).toMatchObject({ status: 'planned', open: true, before: null })
  })
})

const leftBehind = (step: string): RunEvent => ({ ...failed(step), continues: true }) as RunEvent
const retried = (step: string): RunEvent =>
  ({ ...failed(step), type: 'StepRetried', attempt: 1, delayMs: 0 }) as unknown as RunEvent
const skipped = (step: string): RunEvent => ({ type: 'StepSkipped', step, reason: 'no' })

describe('what is taken in any case', () => {
  const begun = { ...run, steps: run.steps.map((step) => (step.id === 'c' ? { ...step, finally: true } : step)) }
  test('comes next when a step before it fails', () => after(begun, failed('a')).next('plan c'))
  test('leaves the run failed', () => after(begun, failed('a'), ...done('c')).is('failed'))
  test('is taken anew when the run goes on', () =>
    after(begun, failed('a'), ...done('c'), resumed, ...done('a'), ...done('b')).next('plan c'))
  test('is taken once when the run is whole', () =>
    after(begun, ...['a', 'b', 'c'].flatMap(done), resumed).is('completed'))
  test('is taken anew where an undo of the whole run was stopped in it', () => {
    const stopped = [...['a', 'b', 'c'].flatMap(done), undoStarted(), undoPlanned('c')]
    after(begun, ...stopped, resumed, undoPlanned('c'), undone('c')).next('plan c')
  })
  test('is undone with the rest', () => after(begun, failed('a'), ...done('c'), undoStarted()).next('undo c'))
  test('waits for what does not matter when it fails', () => after(begun, planned('a'), leftBehind('a')).next('plan b'))
  test('a step that failed and does not matter is undone too', () =>
    after(run, planned('a'), leftBehind('a'), ...done('b'), ...done('c'), undoStarted(), undone('c'), undone('b')).next(
      'undo a',
    ))
  test('a step that is tried again is planned anew', () => after(run, planned('a'), retried('a')).next('plan a'))
  test('a step that is skipped is passed', () => after(run, skipped('a'), skipped('b')).next('plan c'))
})
