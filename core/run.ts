import type { Command } from './command.ts'
import type { Failure, RunStarted, StepSpec } from './events.ts'
import type { Json } from './json.ts'
import { netnsIn, type NetnsId, type Resources } from './resource.ts'

/** What is known of one step of a run, folded from its events. */
export interface StepRecord {
  readonly spec: StepSpec
  readonly status:
    | 'pending'
    | 'planned'
    | 'applied'
    | 'satisfied'
    | 'skipped'
    | 'failed'
    | 'undone'
    | 'gone'
    | 'not ours'
    | 'kept'
    | 'undo failed'
  /** What is there may be ours: the intent is journaled, and no event says that it was taken back. */
  readonly open: boolean
  readonly input?: Json
  /** What it saw when it was planned first: what undo leads back to. */
  readonly before?: Json
  /** When that was; journals of older versions do not say it. */
  readonly since?: string | undefined
  /** What it saw when it was planned first since it held last; the same but for a repair. */
  readonly seen?: Json
  readonly after?: Json
  readonly apply?: readonly Command[]
  readonly undo?: readonly Command[]
  /** What takes it back; there from the intent until it is undone, also if it is kept then: half of it may be done. */
  readonly takingBack?: readonly Command[] | undefined
  readonly resources?: Resources
  readonly netns?: { readonly [name: string]: NetnsId }
  /** When its intent was journaled last. */
  readonly at?: string
  readonly outputs?: { readonly [name: string]: Json }
  readonly failure?: Failure
  readonly reason?: string
  /** Runs that a kept step is needed by. */
  readonly neededBy?: readonly string[]
  readonly durationMs?: number
  /** How often it was tried in vain, and how long the next try waits; until it holds. */
  readonly tried?: { readonly attempt: number; readonly delayMs: number } | undefined
  /** What was known before its last intent, as long as that has no outcome. */
  readonly formerly?: StepRecord | undefined
}

/** The facts of a run: what it set out to do, and what is known of each step, in the workflow's order. */
export interface Run {
  started: RunStarted
  steps: Map<string, StepRecord>
  /** Ids of the steps that an undo has kept. */
  readonly kept: Set<string>
  /** Ids of the steps that an undo could not take back. */
  readonly stuck: Set<string>
  /** Kept by `netnsOf`. */
  netns?: Known | undefined
}

type Known = { readonly [name: string]: NetnsId }

/** Begins the record of a run. */
export function begin(started: RunStarted): Run {
  const pending = started.steps.map((spec) => [spec.id, { spec, status: 'pending', open: false }] as const)
  return { started, steps: new Map(pending), kept: new Set(), stuck: new Set() }
}

/**
 * The named netns that a run works in, as its steps found or made them. One that a step has made since is that one, whatever
 * a step in flight has found before.
 */
export function netnsOf(run: Run): Known {
  const known = (): Known => {
    const open = [...run.steps.values()].filter((record) => record.open)
    return Object.assign({}, ...open.map(({ netns }) => netns), ...open.map(madeBy)) as Known
  }
  return (run.netns ??= known())
}

function madeBy({ resources, netns = {} }: StepRecord): Known {
  const names = (resources?.creates ?? []).flatMap(netnsIn).filter((name) => name in netns)
  return Object.fromEntries(names.map((name) => [name, netns[name]!]))
}

/** Finds a step's record. A step that the run does not have means a broken journal. */
export function stepOf(run: Run, id: string): StepRecord {
  const record = run.steps.get(id)
  if (!record) throw new Error(`run ${run.started.run} has no step ${id}`)
  return record
}

/** Finds the outputs of a step that holds: what `steps.<id>.outputs.*` reads. */
export const outputsOf =
  ({ steps }: Run) =>
  (id: string): StepRecord['outputs'] =>
    steps.get(id)?.outputs
