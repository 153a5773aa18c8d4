/**
 * What programs and authors of steps import: `import { start } from 'nsnet'`, `import { defineStep, ip } from 'nsnet'`.
 *
 * The engine is loaded when it is first used: a plugin that imports this file does not pay for it.
 *
 * @packageDocumentation
 */
import type { LiveRun } from './live-run.ts'
import type { OpenOptions, ResumeOptions, StartOptions, UndoOptions, WorkflowObject } from './options.ts'
import type { ReadRun } from './read-run.ts'
import type { Sandbox } from './sandbox/sandbox.ts'

export * from '../core/index.ts'
export type { Entry, RunEvent } from '../core/events.ts'
export type { Status } from '../core/machine.ts'
export type { LiveRun } from './live-run.ts'
export type { OpenOptions, ResumeOptions, StartOptions, UndoOptions, WorkflowObject } from './options.ts'
export type { ReadRun } from './read-run.ts'
export type { CommandOptions, Where } from './run-in.ts'
export type { Sandbox } from './sandbox/sandbox.ts'
export type { StepNow } from './step-now.ts'

/**
 * Begins a run of a workflow: a path of a file, or the workflow itself. It resolves when the beginning is journaled; the run
 * then goes on by itself, and `done` tells when it holds.
 *
 * ```ts
 * await using run = await start('lab.json', { sandbox: true })
 * await run.done
 * await run.exec(['ping', '-c', '1', 'google.com'], { netns: 'blue' })
 * ```
 *
 * @throws WORKFLOW_UNREADABLE, WORKFLOW_INVALID, PLUGIN_INVALID, USAGE, NEEDS_PRIVILEGE, LOCKED, JOURNAL_UNWRITABLE,
 *   STATE_DIR_UNSAFE, TOOL_MISSING, TOOL_FAILED, SANDBOX_UNAVAILABLE, SANDBOX_GONE
 */
export async function start(workflow: string | WorkflowObject, options: StartOptions = {}): Promise<LiveRun> {
  return await (await import('./start.ts')).start(workflow, options)
}

/**
 * Goes on with a run that stopped: one that was aborted, that failed, or whose process was killed. `id` may be the beginning
 * of an id, or `last`.
 *
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_UNDONE, OTHER_NETNS, JOURNAL_BROKEN, and what `start` throws
 */
export async function resume(id: string, options: ResumeOptions = {}): Promise<LiveRun> {
  return await (await import('./start.ts')).resume(id, options)
}

/**
 * Takes a run back, the last step first.
 *
 * @throws UNDO_FAILED, UNDO_KEPT when others have changed what it made, IN_USE when other runs work with it, INTERRUPTED, and
 *   what `resume` throws
 */
export async function undo(id: string, options: UndoOptions = {}): Promise<void> {
  await (await import('./start.ts')).undo(id, options)
}

/** Reads a run, whoever works on it, and changes nothing. @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, JOURNAL_BROKEN */
export async function open(id: string, options: OpenOptions = {}): Promise<ReadRun> {
  return await (await import('./read-run.ts')).openRun(id, options)
}

/** Makes a private little world, in which runs may work and commands run. @throws SANDBOX_UNAVAILABLE */
export async function sandbox(): Promise<Sandbox> {
  return await (await import('./sandbox/sandbox.ts')).openSandbox([])
}
