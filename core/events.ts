import type { Command, Output } from './command.ts'
import type { Json } from './json.ts'
import type { NetnsId, Resources } from './resource.ts'
import type { Facts } from './step.ts'

/**
 * The journal of a run is a list of these events; everything else that nsnet knows about a run is folded from them.
 *
 * Glossary
 * - workflow: a file that lists steps. run: one execution of it. step: one unit of a run, of one step type.
 * - probe: to ask the kernel, by commands that change nothing. observe: to read the answer into a state.
 * - plan: to compare a state with what is asked for; gives the commands to apply and to undo.
 * - apply: to run a plan's commands. A step is *applied* when planning it again yields nothing to do.
 * - satisfied: it held before this run touched it; not ours, so undo leaves it.
 * - undo: to take a step back. A step is *undone* when what it owns is as it was before.
 * - before: the state that a step saw when it was first planned; undo leads back to it, however often a run resumes.
 * - drifted: it held, and does not hold any more, or others changed what the step made. repair: to apply it again.
 * - skipped: left out, since its condition does not hold, or since what it needs did not come about.
 * - in flight: planned and not yet known to be applied; after a crash such a step is observed again.
 * - claim: what the steps of a live run make, share and use; what another live run claims is not taken from it.
 * - stale: of another boot of the machine; nothing in the kernel outlived it.
 */
export type RunEvent =
  | RunStarted
  | StepPlanned
  | StepCalledOff
  | StepApplied
  | StepSatisfied
  | StepSkipped
  | StepRetried
  | StepFailed
  | RunInterrupted
  | RunResumed
  | RepairStarted
  | UndoStarted
  | UndoPlanned
  | StepUndone
  | StepKept
  | UndoFailed

/** Begins a run: everything that later decisions need, so that editing or deleting the workflow file changes nothing. */
export interface RunStarted {
  readonly type: 'RunStarted'
  readonly run: string
  readonly nsnet: string
  readonly workflow: WorkflowSource
  /** Of a secret input only the marker that stands for it. */
  readonly inputs: { readonly [name: string]: Json }
  /** The secret inputs, each with what its right value is told by. @see checkOf */
  readonly secrets?: { readonly [name: string]: string }
  readonly facts: Facts
  readonly plugins: readonly string[]
  /** The span of a trace that it was begun in. @see https://www.w3.org/TR/trace-context/ */
  readonly traceparent?: string
  /** Name of the systemd unit that began it. */
  readonly unit?: string
  /** It needs also what it found in place, until it is taken back; other runs of the same workflow need nothing of that. */
  readonly borrows?: boolean
  readonly steps: readonly StepSpec[]
  /** What the run gives when it is whole, with `${{ … }}` in it. */
  readonly outputs?: { readonly [name: string]: Json }
}

/** The workflow file as it was read. */
export interface WorkflowSource {
  readonly name: string
  /** Absolute path; the file may be gone. */
  readonly path: string
  readonly text: string
  /** SHA-256 of the text, in hex. */
  readonly hash: string
}

/** One step of the workflow. `with` and `if` still hold `${{ steps.… }}` where a value is known only when an earlier step ran. */
export interface StepSpec {
  readonly id: string
  readonly uses: string
  readonly name?: string
  readonly with: Json
  readonly at: Place
  /** Earlier steps that have to hold before it begins; without one of them it is skipped. */
  readonly needs?: readonly string[]
  /** It is skipped unless this is true. */
  readonly if?: boolean | string
  readonly retry?: Retry
  /** How long it may take in all, in milliseconds; without it, each of its commands may take 30 s. */
  readonly timeoutMs?: number
  /** The run goes on without it when it fails. */
  readonly onFailure?: 'continue'
  /** It is taken whatever became of the steps before it. Such steps stand at the end. */
  readonly finally?: boolean
}

/** How often a step that fails is tried again: after `delayMs`, then `factor` times as long, and so on. */
export interface Retry {
  readonly times: number
  readonly delayMs: number
  readonly factor: number
  /** Only on failures that say one of these texts; without it, on all. */
  readonly on?: readonly string[]
}

/** Where something stands in the workflow file; lines and columns count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
  /** JSON pointer, RFC 6901. */
  readonly pointer: string
  /** The file, where it is not the workflow's own. */
  readonly file?: string
}

/** The intent, durable before the first command runs: what the step saw, what it will run, and how to take it back. */
export interface StepPlanned {
  readonly type: 'StepPlanned'
  readonly step: string
  /** `with`, resolved and validated. */
  readonly input: Json
  readonly before: Json
  readonly apply: readonly Command[]
  readonly undo: readonly Command[]
  readonly resources: Resources
  /** The named netns that the step works in, as they are now. */
  readonly netns?: { readonly [name: string]: NetnsId }
  /** ISO 8601, UTC: what is much older or younger than this was not made by the step's commands. */
  readonly at?: string
}

/** Its last intent is void: a command of another step failed before one of its own had begun. */
export interface StepCalledOff {
  readonly type: 'StepCalledOff'
  readonly step: string
}

/** The step holds, as observed after its commands ran. */
export interface StepApplied {
  readonly type: 'StepApplied'
  readonly step: string
  readonly after: Json
  /** The way back, now that handles and indexes are known. */
  readonly undo: readonly Command[]
  /** The named netns that the step makes or works in. */
  readonly netns: { readonly [name: string]: NetnsId }
  readonly outputs: { readonly [name: string]: Json }
  readonly durationMs: number
}

/** The step held already; nothing was run and nothing is ours. */
export interface StepSatisfied {
  readonly type: 'StepSatisfied'
  readonly step: string
  readonly input: Json
  /** What it saw; journals of older versions do not say it. */
  readonly after?: Json
  readonly resources: Resources
  readonly outputs: { readonly [name: string]: Json }
  readonly durationMs: number
}

/** The step is left out. */
export interface StepSkipped {
  readonly type: 'StepSkipped'
  readonly step: string
  readonly reason: string
}

/** The step did not come about and is tried again; it may be half done. */
export interface StepRetried {
  readonly type: 'StepRetried'
  readonly step: string
  readonly failure: Failure
  /** How often it has failed by now. */
  readonly attempt: number
  readonly delayMs: number
}

/** The step did not come about; a step that was planned may be half done, and is ours to undo. */
export interface StepFailed {
  readonly type: 'StepFailed'
  readonly step: string
  readonly failure: Failure
  /** The run goes on without it. */
  readonly continues?: boolean
}

/** What went wrong: a sentence, advice, and the command that failed with what it said. */
export interface Failure {
  readonly message: string
  readonly hint?: string
  readonly command?: Command
  readonly output?: Output
  /** How many of the step's commands had succeeded. */
  readonly succeeded?: number
}

/** Somebody asked nsnet to stop. */
export interface RunInterrupted {
  readonly type: 'RunInterrupted'
  readonly signal: string
}

/** The run goes on; steps in flight are observed again. */
export interface RunResumed {
  readonly type: 'RunResumed'
  /** Facts of the host, when the machine was started anew since: all steps begin again, for nothing of them is left. */
  readonly facts?: Facts
  /** With `facts`: steps that had made something which outlives that (files); it is still theirs. */
  readonly outliving?: readonly string[]
}

/** What others changed since is applied again: these steps, in the workflow's order. */
export interface RepairStarted {
  readonly type: 'RepairStarted'
  readonly steps: readonly string[]
}

/** The run is taken back, the last step first, as far as `until` (which stays) or to the end. */
export interface UndoStarted {
  readonly type: 'UndoStarted'
  readonly until?: string
}

/** The intent to take a step back, durable before the first command runs; without an outcome, half of it may be done. */
export interface UndoPlanned {
  readonly type: 'UndoPlanned'
  readonly step: string
  readonly undo: readonly Command[]
}

/**
 * Nothing of the step is left to take back.
 *
 * - `undone`: its commands ran and the state is as before. `gone`: it was as before already.
 * - `not ours`: this run made nothing of it.
 */
export interface StepUndone {
  readonly type: 'StepUndone'
  readonly step: string
  readonly how: 'undone' | 'gone' | 'not ours'
  readonly reason?: string
  readonly durationMs: number
}

/** Something of the step is still there and was left on purpose; a later undo takes it up again. */
export interface StepKept {
  readonly type: 'StepKept'
  readonly step: string
  readonly reason: string
  /** Runs that need it; when the last of them is undone, this is too. Without it, others changed what the step made. */
  readonly neededBy?: readonly string[]
  readonly durationMs: number
}

/** The step could not be taken back; the undo goes on with the others. */
export interface UndoFailed {
  readonly type: 'UndoFailed'
  readonly step: string
  readonly failure: Failure
}

/** Says whether somebody takes up a run again with this event: what lies before it is no work. */
export const beginsAgain = ({ type }: RunEvent): boolean =>
  type === 'RunResumed' || type === 'RepairStarted' || type === 'UndoStarted'

/** An event as the journal holds it. */
export interface Entry {
  /** Version of the journal's format. */
  readonly v: 1
  /** Counts from 1 without gaps. */
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly event: RunEvent
  /** First 16 hex digits of SHA-256 over the previous line's sum and this line without its own. */
  readonly sum: string
}
