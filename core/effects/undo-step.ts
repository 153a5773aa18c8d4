import { needOf, ownKeys, type Need } from '../claims.ts'
import { netnsOf } from '../command.ts'
import type { RunEvent } from '../events.ts'
import type { Json } from '../json.ts'
import type { Look } from '../look.ts'
import type { UndoPorts } from '../ports.ts'
import { netnsIn, type Resources } from '../resource.ts'
import { stepOf, type Run, type StepRecord } from '../run.ts'
import { secretsIn } from '../secret.ts'
import { foreignIn } from './ownership.ts'
import { expectSecrets, failureOf, missingSecrets, subjectOf, type Subject } from './subject.ts'
import { absentNetns, namesOf, outcomeFor, restOf, wayBackFrom, type Outcome } from './way-back.ts'

/** What the steps of a run are looked at with, to be taken back. */
export interface UndoSite {
  readonly ports: UndoPorts
  readonly run: Run
  readonly look: Look
  readonly asIf: AsIf
}

/** Says what is seen of a step at its turn, from what is seen now; undefined where that cannot be told. */
export type AsIf = (subject: Subject, now: Json) => Json | undefined

/** Sees a step as it is. */
export const asItIs: AsIf = (_, now) => now

/**
 * Looks whether a step can be taken back, and how: only if it is ours, still what we made, and no other run needs it. What
 * a reboot took away is not looked for. What a kept step stands on is kept with it. Where an earlier undo was stopped inside
 * the step, its being half back is no change by others. Undefined where that cannot be told yet.
 *
 * When the step's plugin is gone, the way back is the one that the journal holds: nothing is run in or against a netns that
 * is not the one that the step made or worked in.
 */
export async function undoStep(site: UndoSite, id: string): Promise<RunEvent | undefined> {
  const { ports, run } = site
  const outcome = outcomeFor(id)
  const record = stepOf(run, id)
  if (!record.open) return outcome.undone('not ours', 'nothing of it was made by this run')
  const outlives = ports.stepOf(record.spec.uses)?.outlivesBoot === true
  if (run.started.facts.boot !== ports.boot && !outlives)
    return outcome.undone('gone', 'the machine was started anew since')
  const kept = keptOn(run, record)
  if (kept && !ports.force) return outcome.kept(`${kept.spec.id} is kept, and needs it`, someOf(kept.neededBy))
  const stuck = stuckOn(ports, run, record)
  if (stuck && !ports.force) return outcome.kept(`${stuck.spec.id} could not be undone, and needs it`)
  try {
    const need = needOf(run, id, ports.others, ports.stepOf)
    if (need.whole) return outcome.kept(`${namesOf(need)} it too`, need.runs)
    if (missingSecrets(run, id, ports.secrets).length > 0 && (await isGone(site, record)))
      return outcome.undone('gone', 'the netns that it was made in is gone')
    if (!ports.stepOf(record.spec.uses)) return await byJournal(site, id, outcome)
    return await undoSubject(site, await subjectToUndo(ports, run, id), need, outcome)
  } catch (error) {
    return { type: 'UndoFailed', step: id, failure: failureOf(error) }
  }
}

/** Brings together what is needed to take a step back. @throws StepTrouble */
export async function subjectToUndo(ports: UndoPorts, run: Run, id: string): Promise<Subject> {
  const subject = await subjectOf(ports, run, id)
  return { ...subject, context: { ...subject.context, undoing: true } }
}

async function undoSubject(
  { ports, look, asIf }: UndoSite,
  subject: Subject,
  need: Need,
  outcome: Outcome,
): Promise<RunEvent | undefined> {
  const absent = await absentNetns(look, subject)
  const names = new Set(absent.keys())
  const now = asIf(subject, await look.observe(subject.step, subject.input, subject.context, names))
  if (now === undefined) return undefined
  const left = wayBackFrom(subject, now, names)
  if (left.length === 0) return restOf(subject, now, need, outcome) ?? outcome.undone('gone', [...absent.values()][0])
  const foreign = foreignIn(subject, now, names.size > 0)
  if (foreign !== undefined && !ports.force) return outcome.kept(foreign)
  return { type: 'UndoPlanned', step: subject.context.step, undo: left }
}

async function byJournal({ ports, run, look }: UndoSite, step: string, { undone }: Outcome): Promise<RunEvent> {
  expectSecrets(run, step, ports.secrets)
  const record = ports.secrets.reveal(stepOf(run, step))
  const { creates = [], uses = [] } = record.resources ?? {}
  const made = await absentNetns(look, { record, uses: creates.flatMap(netnsIn) })
  if (made.size > 0 && record.after !== undefined) return undone('gone', [...made.values()][0])
  const absent = await absentNetns(look, { record, uses: uses.flatMap(netnsIn) })
  const left = (record.undo ?? []).filter((command) => !absent.has(netnsOf(command) ?? ''))
  return left.length === 0 ? undone('gone', [...absent.values()][0]) : { type: 'UndoPlanned', step, undo: left }
}

/**
 * Finds a step that this undo has kept and that works with what this one made, with which it would go; or a later one that has
 * changed the very same: its way back leads to what this one has left.
 */
function keptOn(run: Run, { spec, resources }: StepRecord): StepRecord | undefined {
  const kept = [...run.kept].filter((id) => id !== spec.id).map((id) => stepOf(run, id))
  return needing(resources, kept)[0] ?? kept.find((it) => covers(it, resources) && isBehind(run, it, spec.id))
}

function covers({ resources = {} }: StepRecord, mine: Resources = {}): boolean {
  const own = ownKeys(mine)
  return own.length > 0 && own.every((key) => ownKeys(resources).includes(key))
}

function isBehind({ steps }: Run, { spec }: StepRecord, id: string): boolean {
  const ids = [...steps.keys()]
  return ids.indexOf(spec.id) > ids.indexOf(id)
}

/**
 * Finds a step that could not be taken back, whose effect may be anywhere, and that works with what this one made: with it, the
 * way back would go. What other steps make in a netns goes with that.
 */
function stuckOn({ stepOf: find }: UndoPorts, run: Run, { resources }: StepRecord): StepRecord | undefined {
  const stuck = [...run.stuck].map((id) => stepOf(run, id))
  const isElsewhere = ({ spec }: StepRecord): boolean => {
    const step = find(spec.uses)
    return step?.alone === true || step?.outlivesBoot !== undefined
  }
  return needing(resources, stuck.filter(isElsewhere))[0]
}

function needing(resources: Resources | undefined, records: readonly StepRecord[]): readonly StepRecord[] {
  const made = resources?.creates ?? []
  const needs = ({ uses = [], shares = [] }: Resources): boolean =>
    [...uses, ...shares].some((key) => made.includes(key))
  return records.filter((it) => needs(it.resources ?? {}))
}

const someOf = (runs: readonly string[] = []): readonly string[] | undefined => (runs.length === 0 ? undefined : runs)

/** Says whether all netns that a step works in are gone: nothing of it is left, whatever it was. */
async function isGone({ look }: UndoSite, record: StepRecord): Promise<boolean> {
  const uses = (record.resources?.uses ?? []).flatMap(netnsIn)
  if (uses.length === 0 || secretsIn(uses).length > 0) return false
  return (await absentNetns(look, { record, uses })).size === uses.length
}
