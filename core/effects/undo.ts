import { needOf, type Need } from '../claims.ts'
import { netnsOf, show, succeeded, type Command } from '../command.ts'
import type { Failure, RunEvent, StepKept, StepUndone } from '../events.ts'
import { equal, type Json } from '../json.ts'
import { lookWith } from '../look.ts'
import type { Ports } from '../ports.ts'
import type { Resources } from '../resource.ts'
import { stepOf, type Run, type StepRecord } from '../run.ts'
import { secretsIn } from '../secret.ts'
import { undoOf } from '../step.ts'
import { failureOfCommand, type Ran } from '../tools.ts'
import { goOn, settle } from '../wait.ts'
import { diagnosed } from './diagnose.ts'
import { foreignIn } from './ownership.ts'
import { expectSecrets, failureOf, missingSecrets, netnsName, subjectOf, type Subject } from './subject.ts'

/** How long the kernel may take until what was undone is seen to be gone, in milliseconds. */
const SETTLE_MS = 3_000

/**
 * Takes a step back, if it is ours, still what we made, and no other run needs it; looks before and after, whatever the
 * exit codes say. What a reboot took away is not looked for. What a kept step stands on is kept with it.
 *
 * When the step's plugin is gone, the commands that the journal holds are run, and their exit codes have to do.
 */
export async function undo(ports: Ports, run: Run, id: string): Promise<RunEvent> {
  const began = performance.now()
  const record = stepOf(run, id)
  const took = (): number => performance.now() - began
  const outcome: Outcome = {
    undone: (how, reason) => ({ type: 'StepUndone', step: id, how, ...(reason ? { reason } : {}), durationMs: took() }),
    kept: (reason, neededBy) => ({
      type: 'StepKept',
      step: id,
      reason,
      ...(neededBy ? { neededBy } : {}),
      durationMs: took(),
    }),
  }
  if (!record.open) return outcome.undone('not ours', 'nothing of it was made by this run')
  if (run.started.facts.boot !== ports.boot) return outcome.undone('gone', 'the machine was started anew since')
  const kept = keptOn(run, record)
  if (kept && !ports.force) return outcome.kept(`${kept.spec.id} is kept, and needs it`, someOf(kept.neededBy))
  try {
    const need = needOf(run, id, ports.others, ports.stepOf)
    if (need.whole) return outcome.kept(`${runs(need)} it too`, need.runs)
    if (missingSecrets(run, id, ports.secrets).length > 0 && (await isGone(ports, record)))
      return outcome.undone('gone', 'the netns that it was made in is gone')
    if (!ports.stepOf(record.spec.uses)) return await undoFromJournal(ports, run, record, outcome)
    return await undoSubject(ports, run, await subjectOf(ports, run, id), need, outcome)
  } catch (error) {
    return { type: 'UndoFailed', step: id, failure: failureOf(error) }
  }
}

/** Finds a step that this undo has kept and that works with what this one made: with it, it would go. */
function keptOn({ steps }: Run, { spec, resources }: StepRecord): StepRecord | undefined {
  const made = resources?.creates ?? []
  const needs = ({ uses = [], shares = [] }: Resources): boolean =>
    [...uses, ...shares].some((key) => made.includes(key))
  return [...steps.values()].find((it) => it.status === 'kept' && it.spec.id !== spec.id && needs(it.resources ?? {}))
}

const someOf = (runs: readonly string[] = []): readonly string[] | undefined => (runs.length === 0 ? undefined : runs)

interface Outcome {
  readonly undone: (how: StepUndone['how'], reason?: string) => StepUndone
  readonly kept: (reason: string, neededBy?: readonly string[]) => StepKept
}

async function undoSubject(ports: Ports, run: Run, subject: Subject, need: Need, outcome: Outcome): Promise<RunEvent> {
  const { step, input, context, record } = subject
  const absent = await absentNetns(ports, subject)
  const names = new Set(absent.keys())
  const wayBack = async (): Promise<{ readonly now: Json; readonly left: readonly Command[] }> => {
    const now = await lookWith(ports.exec).observe(step, input, context, names)
    const commands = undoOf(step, input, record.before!, now, context)
    return { now, left: commands.filter((command) => !names.has(netnsOf(command) ?? '')) }
  }
  const { now, left } = await wayBack()
  if (left.length === 0) return restOf(subject, now, need, outcome) ?? outcome.undone('gone', [...absent.values()][0])
  const foreign = foreignIn(subject, now, names.size > 0)
  if (foreign !== undefined && !ports.force) return outcome.kept(foreign)
  const { failure, said } = await runCommands(ports, context.step, left)
  const after = await settle(wayBack, (seen) => seen.left.length === 0, SETTLE_MS)
  if (after.left.length === 0) return restOf(subject, after.now, need, outcome) ?? outcome.undone('undone')
  const why = failure ?? { message: `there is still to undo: ${after.left.map(show).join('; ')}`, ...said }
  return { type: 'UndoFailed', step: context.step, failure: await diagnosed(ports, run, subject, why) }
}

/** Says what stays for now although nothing is left to run: a table that others have rules in. */
function restOf(
  { step, input, record, context }: Subject,
  now: Json,
  need: Need,
  { kept }: Outcome,
): StepKept | undefined {
  const rest = step.rest?.(input, record.before!, now) ?? []
  const needed = rest.filter((key) => need.keys.has(key))
  if (needed.length > 0) return kept(`${runs(need)} ${needed.join(', ')} too`, need.runs)
  const own = rest.filter((key) => step.resources(input).creates?.includes(key))
  return own.length === 0 ? undefined : kept(`others use ${own.join(', ')}, which ${context.step} made`)
}

const runs = ({ runs: [first, ...more] }: Need): string =>
  more.length === 0 ? `run ${first} needs` : `the runs ${[first, ...more].join(', ')} need`

/** Says whether all netns that a step works in are gone: nothing of it is left, whatever it was. */
async function isGone(ports: Ports, record: StepRecord): Promise<boolean> {
  const uses = (record.resources?.uses ?? []).flatMap(netnsName)
  return (
    uses.length > 0 && secretsIn(uses).length === 0 && (await absentNetns(ports, { record, uses })).size === uses.length
  )
}

/** Names the netns in which nothing of ours can be, and says why: those that are gone or that somebody made anew. */
async function absentNetns(
  { exec }: Ports,
  { record, uses }: Pick<Subject, 'record' | 'uses'>,
): Promise<ReadonlyMap<string, string>> {
  if (uses.length === 0) return new Map()
  const there = await lookWith(exec).netns()
  const whyNot = (name: string): string => {
    if (!(name in there)) return `there is no netns ${name} any more`
    const same = equal(record.netns?.[name] ?? there[name], there[name])
    return same ? '' : `somebody made the netns ${name} anew, nothing in it is ours`
  }
  return new Map(uses.map((name) => [name, whyNot(name)] as const).filter(([, why]) => why !== ''))
}

async function runCommands(ports: Ports, id: string, commands: readonly Command[]): Promise<Ran> {
  let failure: Failure | undefined
  let said: Ran['said']
  for (const command of commands) {
    goOn(ports.signal)
    ports.progress({ doing: 'run', step: id, command })
    const output = await ports.exec(command)
    if (!succeeded(command, output)) failure ??= failureOfCommand('its command', command, output)
    else if (output.stdout !== '' || output.stderr !== '') said = { command, output }
  }
  return { ...(failure && { failure }), ...(said && { said }) }
}

async function undoFromJournal(ports: Ports, run: Run, hidden: StepRecord, { undone }: Outcome): Promise<RunEvent> {
  expectSecrets(run, hidden.spec.id, ports.secrets)
  const record = ports.secrets.reveal(hidden)
  const { failure } = await runCommands(ports, record.spec.id, record.undo ?? [])
  if (failure) return { type: 'UndoFailed', step: record.spec.id, failure }
  return undone('undone', `the plugin of "${record.spec.uses}" is gone: by the journal's commands, not looked at again`)
}
