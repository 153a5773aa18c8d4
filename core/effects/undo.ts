import type { RunEvent } from '../events.ts'
import { lookWith, type Look } from '../look.ts'
import type { Moment } from '../moment.ts'
import type { Ports } from '../ports.ts'
import { stepOf, type Run } from '../run.ts'
import { lastOf } from './batch.ts'
import type { Performed } from './performed.ts'
import { failureOf, type Subject } from './subject.ts'
import { stillTold, togetherBack } from './together-back.ts'
import { subjectToUndo, undoStep } from './undo-step.ts'
import { absentNetns } from './way-back.ts'

/**
 * Looks whether the last steps can be taken back, and how. As many are dealt with as can be told from one look, each as if
 * those behind it were back already.
 */
export async function undo(ports: Ports, moment: Moment, look = lookWith(ports.exec)): Promise<Performed> {
  const { run } = moment
  const ids = lastOf(moment)
  const subjects = await lookAhead(ports, look, run, ids)
  const together = togetherBack()
  const site = { ports, run, look, asIf: together.asIfBack }
  const events: RunEvent[] = []
  const members: Subject[] = []
  for (const [at, id] of ids.entries()) {
    const event = await undoStep(site, id)
    if (!event) break
    const [isIntent, subject] = [event.type === 'UndoPlanned', subjects.get(id)]
    // what there is nothing to do for is told before anything is done, or with the steps before it
    if (isIntent || together.isEmpty()) events.push(event)
    if (isIntent && subject) {
      together.add(subject, ids.length - at)
      members.push(subject)
    }
    if (decides(event) || run.kept.has(id) || (isIntent && !subject)) break
  }
  return { events: cut(events, members) }
}

/** Leaves out the intents whose outcome could not be told apart from that of others. */
function cut(events: readonly RunEvent[], members: readonly Subject[]): readonly RunEvent[] {
  const out = members[stillTold(members)]?.context.step
  return out === undefined
    ? events
    : events.slice(
        0,
        events.findIndex((event) => 'step' in event && event.step === out),
      )
}

/** What is kept, or could not be taken back, has to do with the steps before it; and so has what is kept no more. */
const decides = ({ type }: RunEvent): boolean => type === 'StepKept' || type === 'UndoFailed'

/** Asks at once what will be asked for step by step: the look keeps the answers. Gives the steps whose type is known. */
async function lookAhead(
  ports: Ports,
  look: Look,
  run: Run,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Subject>> {
  const subjects = new Map<string, Subject>()
  const looks = ids.map(async (id) => {
    if (!stepOf(run, id).open) return
    const subject = await subjectToUndo(ports, run, id)
    subjects.set(id, subject)
    const absent = await absentNetns(look, subject)
    await look.observe(subject.step, subject.input, subject.context, new Set(absent.keys()))
  })
  await Promise.all(looks.map((each) => each.catch(failureOf)))
  return subjects
}
