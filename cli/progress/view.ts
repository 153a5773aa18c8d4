import type { Entry } from '../../core/events.ts'
import type { Progress } from '../../core/ports.ts'
import type { Run } from '../../core/run.ts'

/** Tells people or programs how a run goes on; nothing depends on it. It gets no secrets. */
export interface View {
  /** An event that is journaled now; `run` is as it was before it. */
  readonly event: (run: Run, entry: Entry) => void
  /** What goes on between two events. */
  readonly progress: (run: Run, progress: Progress) => void
  /** The run stands still, or nsnet gives up. */
  readonly end: () => void
}
