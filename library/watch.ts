import type { Command, Output } from '../core/command.ts'
import type { Entry, RunStarted } from '../core/events.ts'
import type { Moment } from '../core/moment.ts'
import type { Progress } from '../core/ports.ts'
import type { Run } from '../core/run.ts'
import type { Lacking } from './plugins.ts'

/** Who watches a run while it is driven, and may stop it. It gets no secrets. */
export interface Watch {
  /** Aborted to stop the run: what runs is finished and journaled. Its `reason` is the name of the signal. */
  readonly signal: AbortSignal
  /** Aborted to end the running commands, too. */
  readonly kill: AbortSignal
  /** Told an event that is journaled now; `run` is as it was before it. */
  readonly entry: (run: Run, entry: Entry) => void
  /** Told what goes on between two events. */
  readonly progress: (run: Run, progress: Progress) => void
  /** Told each command when it has ended. */
  readonly command: (command: Command, output: Told) => void
  /** Told where the run stands still, and how long it took. */
  readonly rest: (moment: Moment, ms: number) => void
  /** Nobody works on the run any more. */
  readonly end: () => Promise<void>
}

/** What is told of a command's end; its stdout may be long, and hold anything. */
export type Told = Omit<Output, 'stdout'>

/** What is told beside the events of a run. */
export type Note =
  | { readonly what: 'begins'; readonly started: RunStarted }
  /** Another run of the same work was stopped; its things are found in place. */
  | { readonly what: 'stopped before'; readonly run: string }
  /** So many bytes of an unfinished line were cut off a journal. */
  | { readonly what: 'torn'; readonly bytes: number; readonly path: string }
  | { readonly what: 'undoes'; readonly run: string; readonly to: string | undefined }
  | { readonly what: 'undone already'; readonly run: string }
  | { readonly what: 'nothing after'; readonly run: string; readonly to: string }
  /** Plugins are gone or broken; what their steps made is taken back by the journal. */
  | { readonly what: 'lacks'; readonly lacking: readonly Lacking[] }
  /** After a reboot, `anew`, all of it is set up again. */
  | { readonly what: 'goes on'; readonly started: RunStarted; readonly anew: boolean }
