import type { Claim } from './claims.ts'
import type { Command, Exec } from './command.ts'
import type { RunEvent } from './events.ts'
import type { Effect } from './machine.ts'
import type { Secrets } from './secret.ts'
import type { Step } from './step.ts'

/** What the engine works with; the only ways in which a run touches the world. */
export interface Ports {
  /** Adds events to the journal; they are durable when this resolves. */
  readonly append: (events: readonly RunEvent[]) => Promise<void>
  readonly exec: Exec
  /** What the run is as it is journaled holds markers in their place. */
  readonly secrets: Secrets
  /** Finds a step type; undefined when its plugin is gone. */
  readonly stepOf: (type: string) => Step | undefined
  /** Aborted when somebody asks to stop; its `reason` is the signal's name. */
  readonly signal: AbortSignal
  /** Take back also what others have changed since. */
  readonly force: boolean
  /** What other live runs claim; it does not change while a run is undone. */
  readonly others: readonly Claim[]
  /** `/proc/sys/kernel/random/boot_id` as it is now. */
  readonly boot: string
  /** Waits between two looks at a step that may come to hold by itself; other runs may be undone meanwhile. */
  readonly pause: (ms: number) => Promise<void>
  /** Told what is going on between two events; nothing depends on it. */
  readonly progress: (progress: Progress) => void
}

/** What looking at the kernel, and understanding what was seen, needs. */
export type Looking = Pick<Ports, 'exec' | 'secrets' | 'stepOf'>

/** What looking at a step that is to be taken back needs. */
export type UndoPorts = Pick<Ports, 'exec' | 'secrets' | 'stepOf' | 'boot' | 'force' | 'others'>

/**
 * What the engine is doing now, for people who watch.
 *
 * - `probe`: it looks at a step that may take its time to hold. `run`: it runs a command of a step.
 * - `wait`: the step does not hold yet, for the reason in `message`; it is looked at again until `leftMs` are over.
 */
export type Progress =
  | { readonly doing: Effect['type']; readonly step: string }
  | { readonly doing: 'probe' | 'run'; readonly step: string; readonly command: Command }
  | {
      readonly doing: 'wait'
      readonly step: string
      /** How often it was looked at so far. */
      readonly attempt: number
      /** Milliseconds from now on. */
      readonly leftMs: number
      readonly message: string
    }
