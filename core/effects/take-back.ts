import { needOf, type Need } from '../claims.ts'
import { show } from '../command.ts'
import type { RunEvent } from '../events.ts'
import { lookWith } from '../look.ts'
import type { Ports } from '../ports.ts'
import { stepOf, type Run } from '../run.ts'
import type { Ran } from '../tools.ts'
import { settle } from '../wait.ts'
import { diagnosed } from './diagnose.ts'
import { runCommands } from './run-commands.ts'
import { failureOf, subjectOf, type Subject } from './subject.ts'
import { absentNetns, outcomeFor, restOf, wayBackOf, type Outcome } from './way-back.ts'

/** How long the kernel may take until what was undone is seen to be gone, in milliseconds. */
const SETTLE_MS = 3_000

/**
 * Runs the journaled way back of a step, and looks whether all of it is gone: that is the verdict, whatever the exit codes
 * say. When the step's plugin is gone, they have to do.
 */
export async function takeBack(ports: Ports, run: Run, id: string): Promise<RunEvent> {
  const outcome = outcomeFor(id)
  const { spec, takingBack = [] } = ports.secrets.reveal(stepOf(run, id))
  try {
    const ran = await runCommands(ports, id, takingBack, 'end')
    if (ports.stepOf(spec.uses)) {
      const need = needOf(run, id, ports.others, ports.stepOf)
      return await verdict(ports, run, await subjectOf(ports, run, id), ran, need, outcome)
    }
    if (ran.failure) return { type: 'UndoFailed', step: id, failure: ran.failure }
    return outcome.undone(
      'undone',
      `the plugin of "${spec.uses}" is gone: by the journal's commands, not looked at again`,
    )
  } catch (error) {
    return { type: 'UndoFailed', step: id, failure: failureOf(error) }
  }
}

async function verdict(
  ports: Ports,
  run: Run,
  subject: Subject,
  { failure, said }: Ran,
  need: Need,
  outcome: Outcome,
): Promise<RunEvent> {
  const absent = new Set((await absentNetns(lookWith(ports.exec), subject)).keys())
  const { now, left } = await settle(
    () => wayBackOf(ports, subject, absent),
    (seen) => seen.left.length === 0,
    SETTLE_MS,
  )
  if (left.length === 0) return restOf(subject, now, need, outcome) ?? outcome.undone('undone')
  const why = failure ?? { message: `there is still to undo: ${left.map(show).join('; ')}`, ...said }
  return { type: 'UndoFailed', step: subject.context.step, failure: await diagnosed(ports, run, subject, why) }
}
