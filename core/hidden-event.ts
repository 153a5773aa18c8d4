import { beginningOf } from './beginning.ts'
import type { Failure, RunEvent } from './events.ts'
import type { Secrets } from './secret.ts'

/**
 * Hides the secrets of an event before it is journaled or shown. The names that events are told apart by stay: they come
 * from the workflow file, in which no secret stands.
 */
export function hiddenEvent(event: RunEvent, { hide, mask }: Secrets): RunEvent {
  switch (event.type) {
    case 'StepPlanned': {
      const { input, before, apply, undo, resources, netns = {} } = event
      return { ...event, ...hide({ input, before, apply, undo, resources, netns }) }
    }
    case 'StepApplied': {
      const { after, undo, netns, outputs } = event
      return { ...event, ...hide({ after, undo, netns, outputs }) }
    }
    case 'StepSatisfied': {
      const { input, after = null, resources, outputs } = event
      return { ...event, ...hide({ input, after, resources, outputs }) }
    }
    case 'UndoPlanned':
      return { ...event, undo: hide(event.undo) }
    case 'StepSkipped':
      return { ...event, reason: mask(event.reason) }
    case 'StepRetried':
    case 'StepFailed':
    case 'UndoFailed':
      return { ...event, failure: hiddenFailure(event.failure, { hide, mask }) }
    case 'StepUndone':
      return event.reason === undefined ? event : { ...event, reason: mask(event.reason) }
    case 'StepKept':
      return { ...event, reason: mask(event.reason) }
    default:
      return event
  }
}

function hiddenFailure(failure: Failure, { hide, mask }: Pick<Secrets, 'hide' | 'mask'>): Failure {
  const { message, hint, command, output } = failure
  return {
    ...failure,
    message: mask(message),
    ...(hint === undefined ? {} : { hint: mask(hint) }),
    ...(command === undefined ? {} : { command: hide(command) }),
    ...(output === undefined
      ? {}
      : {
          output: {
            ...output,
            stdout: beginningOf(output.stdout, KEPT, mask),
            stderr: beginningOf(output.stderr, KEPT, mask),
          },
        }),
  }
}

/** Characters of what a command printed that are kept. */
const KEPT = 2000
