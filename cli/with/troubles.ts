import type { View } from '../progress/view.ts'
import { eventLines } from '../render.ts'
import type { Terminal } from '../terminal.ts'

/** Tells nothing but what went wrong. */
export const troubles = (terminal: Terminal): View => ({
  event: (run, { event }) => {
    if (!/^(StepFailed|UndoFailed|StepKept)$/.test(event.type)) return
    for (const line of eventLines(terminal.aside, run, event)) terminal.tell(line)
  },
  progress: () => undefined,
  end: () => undefined,
})
