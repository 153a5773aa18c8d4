import type { Output } from '../core/command.ts'
import type { Entry } from '../core/events.ts'
import type { Json } from '../core/json.ts'
import type { Status } from '../core/machine.ts'
import { entriesOf } from './entries.ts'
import { expectOptionsOf, type UndoOptions } from './options.ts'
import { runIn, wordsIn, type CommandOptions, type Where } from './run-in.ts'
import { expectThere, type Sandbox } from './sandbox/sandbox.ts'
import type { Tail } from '../journal/tail.ts'
import { outputsNow, stepsNow, type StepNow } from './step-now.ts'
import { secretsFor } from './run-secrets.ts'
import { takeBack } from './taking-back.ts'
import type { Run } from '../core/run.ts'
import type { Secrets } from '../core/secret.ts'
import type { Work } from './work.ts'
import type { Working } from './opened-run.ts'
import { leave, type World } from './world.ts'

/** A run that this process works on. */
export interface LiveRun extends AsyncDisposable {
  readonly id: string
  readonly status: Status
  /** What has become of each step so far, in the workflow's order. */
  readonly steps: { readonly [id: string]: StepNow }
  /** What the workflow gives by its `outputs`, as far as the steps hold that they read. */
  readonly outputs: { readonly [name: string]: Json }
  /** The entries of its journal from the beginning, and those that come; it ends when the run stands still. */
  readonly events: AsyncIterable<Entry>
  /**
   * Resolves when all of it holds. Whoever does not ask is not told.
   *
   * @throws STEP_FAILED; INTERRUPTED when the signal, an undo or the end of the scope stopped it; JOURNAL_UNWRITABLE
   */
  readonly done: Promise<void>
  /** The sandbox that it works in. */
  readonly sandbox: Sandbox | undefined
  /** Runs a command where the run works, in a netns or on the host there, whatever its exit code. */
  readonly exec: (argv: readonly string[], options?: CommandOptions) => Promise<Output>
  /** The words that run a command there, for a `spawn()` of one's own. */
  readonly argv: (argv: readonly string[], where?: Where) => readonly string[]
  /** Stops the run where it is not done, and takes it back. @throws as `undo` */
  readonly undo: (options?: RunUndoOptions) => Promise<void>
  /** Takes it back unless that is done, and ends a sandbox of its own. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** How a run of this process is taken back. */
export type RunUndoOptions = Pick<UndoOptions, 'to' | 'cascade' | 'force' | 'signal'>

/** What a run of this process is made of. */
export interface Parts {
  readonly id: string
  readonly world: World
  readonly work: Work
  readonly working: Working
  /** Settles when the run stands still for the first time. */
  readonly done: Promise<void>
}

/** Lays out a run for those who use it. */
export function liveRun({ id, world, work, working, done }: Parts): LiveRun {
  const { place, sandbox, store } = world
  // whoever does not wait for it shall not be ended by it
  done.catch(() => undefined)
  const now = <T>(read: (run: Run, secrets: Secrets) => T): T => {
    const run = work.run()!
    return read(run, secretsFor(run.started, working.given).secrets)
  }
  const takeItBack = async ({ signal, ...options }: RunUndoOptions & Pick<UndoOptions, 'wait'>): Promise<void> => {
    if (sandbox) expectThere(sandbox.holder)
    work.stop()
    await work.next('take back', () => takeBack({ ...working, ...options }, id, { cascade: false, ...options }), signal)
  }
  const follow = async (): Promise<Tail> => {
    if (sandbox) expectThere(sandbox.holder)
    return await store.follow(id)
  }
  let left: Promise<void> | undefined
  const end = async (): Promise<void> => {
    try {
      // in a sandbox of its own nobody else is there whose changes were to be kept
      if (!world.sandbox?.holder.isGone() && work.status() !== 'undone')
        await takeItBack({ force: world.isOwn, wait: true })
    } finally {
      await leave(world)
    }
  }
  return {
    id,
    sandbox,
    done,
    get status() {
      return work.status()
    },
    get steps() {
      return now(stepsNow)
    },
    get outputs() {
      return now(outputsNow)
    },
    events: { [Symbol.asyncIterator]: () => entriesOf(follow, work.isOn, work.news) },
    exec: (argv, options) => runIn(place, argv, options),
    argv: (argv, where = {}) => (sandbox ? sandbox.argv(argv, where) : wordsIn(argv, where)),
    undo: async (options = {}) => {
      expectOptionsOf('run.undo', options)
      await takeItBack(options)
    },
    [Symbol.asyncDispose]: () => (left ??= end()),
  }
}
