import type { RunEvent } from '../events.ts'
import type { Look } from '../look.ts'

/** What came of an effect. */
export interface Performed {
  readonly events: readonly RunEvent[]
  /** What was seen behind its last command, where all went well: the next effect goes on from there. */
  readonly look?: Look
}

/** Lays out what came of commands. What failed is found out about, or waited for: by then the look is old. */
export function performed(events: readonly RunEvent[], look: Look): Performed {
  return events.some(({ type }) => type === 'StepFailed' || type === 'UndoFailed') ? { events } : { events, look }
}
