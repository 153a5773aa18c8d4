import { expect } from 'vitest'
import type { RunEvent, RunStarted } from '../../core/events.ts'
import { replay } from '../../core/moment.ts'
import { context } from './given.ts'

/** The beginning of a run with steps of these ids. */
export const started = (...ids: readonly string[]): RunStarted => ({
  type: 'RunStarted',
  run: 'r1',
  nsnet: '0.0.0',
  workflow: { name: 'test', path: '/test.json', text: '{}', hash: '' },
  inputs: {},
  facts: context.facts,
  plugins: [],
  steps: ids.map((id) => ({ id, uses: 'netns', with: { netns: id }, at: { line: 1, column: 1, pointer: '' } })),
})

export const planned = (step: string): RunEvent => ({
  type: 'StepPlanned',
  step,
  input: {},
  before: null,
  apply: [{ argv: ['true'] }],
  undo: [],
  resources: {},
})

export const calledOff = (step: string): RunEvent => ({ type: 'StepCalledOff', step })

export const applied = (step: string): RunEvent => ({
  type: 'StepApplied',
  step,
  after: {},
  undo: [],
  netns: {},
  outputs: {},
  durationMs: 1,
})

export const satisfied = (step: string): RunEvent => ({
  type: 'StepSatisfied',
  step,
  input: {},
  resources: {},
  outputs: {},
  durationMs: 1,
})
export const failed = (step: string): RunEvent => ({ type: 'StepFailed', step, failure: { message: 'no' } })
export const undone = (step: string): RunEvent => ({ type: 'StepUndone', step, how: 'undone', durationMs: 1 })
export const undoFailed = (step: string): RunEvent => ({ type: 'UndoFailed', step, failure: { message: 'no' } })
export const undoPlanned = (step: string): RunEvent => ({ type: 'UndoPlanned', step, undo: [] })
export const kept = (step: string): RunEvent => ({ type: 'StepKept', step, reason: 'no', durationMs: 1 })
export const interrupted: RunEvent = { type: 'RunInterrupted', signal: 'SIGINT' }
export const resumed: RunEvent = { type: 'RunResumed' }
export const repairStarted = (...steps: readonly string[]): RunEvent => ({ type: 'RepairStarted', steps })
export const undoStarted = (until?: string): RunEvent => ({
  type: 'UndoStarted',
  ...(until === undefined ? {} : { until }),
})

/** Reads as a sentence: `after(started('a'), planned('a')).next('apply a')`, `….is('completed')`. */
export const after = (...events: readonly RunEvent[]) => {
  const { status, effects, run } = replay(events)
  const ids = [...run.steps.keys()]
  return {
    next: (...expected: readonly string[]) =>
      expect(effects.map(({ type, index }) => `${type} ${ids[index]}`)).toEqual(expected),
    is: (expected: string) => expect({ status, effects }).toEqual({ status: expected, effects: [] }),
  }
}
