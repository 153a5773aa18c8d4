import { setTimeout } from 'node:timers/promises'
import type { Entry, RunStarted } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import type { Status } from '../core/machine.ts'
import type { Store } from '../journal/store.ts'
import { workOf } from '../journal/summaries.ts'
import { entriesOf } from './entries.ts'
import { givenOf } from './given-of.ts'
import { expectOptionsOf, type OpenOptions } from './options.ts'
import { secretsFor } from './run-secrets.ts'
import { momentOf } from './session.ts'
import { outputsNow, stepsNow, type StepNow } from './step-now.ts'
import { worldOf } from './world.ts'

/** A run as it was when it was read. */
export interface ReadRun {
  readonly id: string
  /** `interrupted` also when whoever worked on it was killed. */
  readonly status: Status
  /** How it began. */
  readonly started: RunStarted
  readonly steps: { readonly [id: string]: StepNow }
  /** What the workflow gives by its `outputs`. */
  readonly outputs: { readonly [name: string]: Json }
  /** All entries of its journal, then those that come, for as long as somebody works on it. */
  readonly events: AsyncIterable<Entry>
}

/** How often a journal is read that another process writes, in milliseconds. */
const EVERY_MS = 100

/** Reads a run. @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, JOURNAL_BROKEN */
export async function openRun(name: string, options: OpenOptions): Promise<ReadRun> {
  expectOptionsOf('open', options)
  const { store } = await worldOf(options)
  const { id } = await store.find(name)
  const { run, status } = await momentOf(store, id)
  const { secrets } = secretsFor(run.started, givenOf(options))
  const busy = (): Promise<boolean> => isBusy(store, run.started)
  const isMidway = status === 'running' || status === 'undoing'
  return {
    id,
    status: isMidway && !(await busy()) ? 'interrupted' : status,
    started: run.started,
    steps: stepsNow(run, secrets),
    outputs: outputsNow(run, secrets),
    events: {
      [Symbol.asyncIterator]: () =>
        entriesOf(
          () => store.follow(id),
          busy,
          () => setTimeout(EVERY_MS),
        ),
    },
  }
}

const isBusy = (store: Store, started: RunStarted): Promise<boolean> => store.isBusy({ work: workOf(started) })
