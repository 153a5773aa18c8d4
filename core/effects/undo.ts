import { needOf, type Need } from '../claims.ts'
import { netnsOf } from '../command.ts'
import type { RunEvent } from '../events.ts'
import type { Json } from '../json.ts'
import { lookWith } from '../look.ts'
import type { UndoPorts } from '../ports.ts'
import { netnsIn, type Resources } from '../resource.ts'
import { stepOf, type Run, type StepRecord } from '../run.ts'
import { secretsIn } from '../secret.ts'
import { foreignIn } from './ownership.ts'
import { expectSecrets, failureOf, missingSecrets, subjectOf, type Subject } from './subject.ts'
import { absentNetns, namesOf, outcomeFor, restOf, wayBackFrom, type Outcome } from './way-back.ts'

/**
 * Looks whether a step can be taken back, and how: only if it is ours, still what we made, and no other run needs it. What
 * a reboot took away is not looked for. What a kept step stands on is kept with it. Where an earlier undo was stopped inside
 * the step, its being half back is no change by others.
 *
 * When the step's plugin is gone, the way back is the one that the journal holds.
 */
export async function undo(ports: UndoPorts, run: Run, id: string, asIf: AsIf): Promise<RunEvent> {
  const outcome = outcomeFor(id)
  const record = stepOf(run, id)
  if (!record.open) return outcome.undone('not ours', 'nothing of it was made by this run')
  if (run.started.facts.boot !== ports.boot) return outcome.undone('gone', 'the machine was started anew since')
  const kept = keptOn(run, record)
  if (kept && !ports.force) return outcome.kept(`${kept.spec.id} is kept, and needs it`, someOf(kept.neededBy))
  try {
    const need = needOf(run, id, ports.others, ports.stepOf)
    if (need.whole) return outcome.kept(`${namesOf(need)} it too`, need.runs)
    if (missingSecrets(run, id, ports.secrets).length > 0 && (await isGone(ports, record)))
      return outcome.undone('gone', 'the netns that it was made in is gone')
    if (!ports.stepOf(record.spec.uses)) return await byJournal(ports, run, id, outcome)
    return await undoSubject(ports, await subjectOf(ports, run, id), need, outcome, asIf)
  } catch (error) {
    return { type: 'UndoFailed', step: id, failure: failureOf(error) }
  }
}

/** Lays out a step and what is seen of it as it will be at its turn: a rehearsal sees it too early. */
export type AsIf = (subject: Subject, now: Json) => { readonly subject: Subject; readonly now: Json }

/** Sees a step as it is. */
export const asItIs: AsIf = (subject, now) => ({ subject, now })

async function undoSubject(
  ports: UndoPorts,
  itself: Subject,
  need: Need,
  outcome: Outcome,
  asIf: AsIf,
): Promise<RunEvent> {
  const absent = await absentNetns(lookWith(ports.exec), itself)
  const names = new Set(absent.keys())
  const seen = await lookWith(ports.exec).observe(
    itself.step,
    itself.input,
    { ...itself.context, undoing: true },
    names,
  )
  const { subject, now } = asIf(itself, seen)
  const { left } = wayBackFrom(subject, now, names)
  if (left.length === 0) return restOf(subject, now, need, outcome) ?? outcome.undone('gone', [...absent.values()][0])
  const foreign = foreignIn(subject, now, names.size > 0)
  if (foreign !== undefined && !ports.force) return outcome.kept(foreign)
  return { type: 'UndoPlanned', step: subject.context.step, undo: left }
}

async function byJournal(ports: UndoPorts, run: Run, step: string, { undone }: Outcome): Promise<RunEvent> {
  expectSecrets(run, step, ports.secrets)
  const record = ports.secrets.reveal(stepOf(run, step))
  const absent = await absentNetns(lookWith(ports.exec), {
    record,
    uses: (record.resources?.uses ?? []).flatMap(netnsIn),
  })
  const left = (record.undo ?? []).filter((command) => !absent.has(netnsOf(command) ?? ''))
  return left.length === 0 ? undone('gone', [...absent.values()][0]) : { type: 'UndoPlanned', step, undo: left }
}

/** Finds a step that this undo has kept and that works with what this one made: with it, it would go. */
function keptOn({ steps }: Run, { spec, resources }: StepRecord): StepRecord | undefined {
  const made = resources?.creates ?? []
  const needs = ({ uses = [], shares = [] }: Resources): boolean =>
    [...uses, ...shares].some((key) => made.includes(key))
  return [...steps.values()].find((it) => it.status === 'kept' && it.spec.id !== spec.id && needs(it.resources ?? {}))
}

const someOf = (runs: readonly string[] = []): readonly string[] | undefined => (runs.length === 0 ? undefined : runs)

/** Says whether all netns that a step works in are gone: nothing of it is left, whatever it was. */
async function isGone(ports: UndoPorts, record: StepRecord): Promise<boolean> {
  const uses = (record.resources?.uses ?? []).flatMap(netnsIn)
  if (uses.length === 0 || secretsIn(uses).length > 0) return false
  return (await absentNetns(lookWith(ports.exec), { record, uses })).size === uses.length
}
