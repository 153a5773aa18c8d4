import type { Json } from '../core/json.ts'
import type { Step } from '../core/step.ts'
import { expectOptions } from './expect-options.ts'
import type { Sandbox } from './sandbox/sandbox.ts'

/** A workflow as its file has it; relative paths in it count from the working directory. */
export interface WorkflowObject {
  readonly name: string
  readonly steps: readonly object[]
  readonly [field: string]: unknown
}

/** Which runs are meant. */
export interface OpenOptions {
  /** The directory of runs; that of the sandbox, else `NSNET_STATE_DIR`, `/var/lib/nsnet` or `~/.local/state/nsnet`. */
  readonly stateDir?: string
  /** The sandbox that they are in. */
  readonly sandbox?: Sandbox
  /** Values of secret inputs: what is told of a run then holds them. */
  readonly secrets?: { readonly [name: string]: string }
}

/** How a run is gone on with. */
export interface ResumeOptions extends OpenOptions {
  /** Step types beside those that nsnet brings along and the plugins of the workflow. */
  readonly steps?: readonly Step<never, never>[]
  /** Stops as the first Ctrl-C does: what runs is finished and journaled, and the run can be resumed. */
  readonly signal?: AbortSignal
  /** Wait for another nsnet that does the same, instead of refusing; `false` by default. */
  readonly wait?: boolean
}

/** How a run is begun. */
export interface StartOptions extends Omit<ResumeOptions, 'sandbox'> {
  /** Values of inputs. The environment is not read. */
  readonly inputs?: { readonly [name: string]: Json }
  /** Id of the run: 3 to 32 small letters and digits, a letter first; a new one by default. */
  readonly id?: string
  /** A sandbox to work in, or with `true` one of its own, which ends with the run's scope. */
  readonly sandbox?: Sandbox | boolean
}

/** How a run is taken back. */
export interface UndoOptions extends ResumeOptions {
  /** Undo only what came after this step; it stays. */
  readonly to?: string
  /** Undo first the runs that work with what this one made; `false` by default. */
  readonly cascade?: boolean
  /** Take back also what others have changed since; `false` by default. */
  readonly force?: boolean
}

const opening: readonly (keyof OpenOptions)[] = ['stateDir', 'sandbox', 'secrets']
const goingOn: readonly (keyof ResumeOptions)[] = [...opening, 'steps', 'signal', 'wait']
const beginning: readonly (keyof StartOptions)[] = [...goingOn, 'inputs', 'id']
const extent: readonly (keyof UndoOptions)[] = ['to', 'cascade', 'force']

const names = {
  open: opening,
  resume: goingOn,
  start: beginning,
  undo: [...goingOn, ...extent],
  'run.undo': [...extent, 'signal'],
} as const

/** Refuses options that a verb does not have, or that are not what they have to be. @throws USAGE */
export const expectOptionsOf = (verb: keyof typeof names, options: unknown): void =>
  expectOptions(verb, names[verb], options)
