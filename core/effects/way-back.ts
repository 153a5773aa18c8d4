import type { Need } from '../claims.ts'
import { netnsOf, type Command } from '../command.ts'
import type { StepKept, StepUndone } from '../events.ts'
import { equal, type Json } from '../json.ts'
import type { Look } from '../look.ts'
import { undoOf } from '../step.ts'
import type { Subject } from './subject.ts'

/** Lists the commands that lead from a state back to what was before; none is run in the netns that are `absent`. */
export function wayBackFrom(
  { step, input, context, record }: Subject,
  now: Json,
  absent: ReadonlySet<string>,
): readonly Command[] {
  const commands = undoOf(step, input, record.before!, now, context)
  return commands.filter((command) => !absent.has(netnsOf(command) ?? ''))
}

/** Names the netns in which nothing of ours can be, and says why: those that are gone or that somebody made anew. */
export async function absentNetns(
  look: Look,
  { record, uses }: Pick<Subject, 'record' | 'uses'>,
): Promise<ReadonlyMap<string, string>> {
  if (uses.length === 0) return new Map()
  const there = await look.netns()
  const whyNot = (name: string): string => {
    if (!(name in there)) return `there is no netns ${name} any more`
    const same = equal(record.netns?.[name] ?? there[name], there[name])
    return same ? '' : `somebody made the netns ${name} anew, nothing in it is ours`
  }
  return new Map(uses.map((name) => [name, whyNot(name)] as const).filter(([, why]) => why !== ''))
}

/** Writes the outcomes of a step that is taken back. */
export interface Outcome {
  readonly undone: (how: StepUndone['how'], reason?: string) => StepUndone
  readonly kept: (reason: string, neededBy?: readonly string[]) => StepKept
}

/** Outcomes of a step on which work begins now. */
export function outcomeFor(step: string): Outcome {
  const began = performance.now()
  const took = (): { readonly durationMs: number } => ({ durationMs: performance.now() - began })
  return {
    undone: (how, reason) => ({ type: 'StepUndone', step, how, ...(reason ? { reason } : {}), ...took() }),
    kept: (reason, neededBy) => ({ type: 'StepKept', step, reason, ...(neededBy ? { neededBy } : {}), ...took() }),
  }
}

/** Says what stays for now although nothing is left to run: a table that others have rules in. */
export function restOf(
  { step, input, record, context, resources }: Subject,
  now: Json,
  need: Need,
  { kept }: Outcome,
): StepKept | undefined {
  const rest = step.rest?.(input, record.before!, now) ?? []
  const needed = rest.filter((key) => need.keys.has(key))
  if (needed.length > 0) return kept(`${namesOf(need)} ${needed.join(', ')} too`, need.runs)
  const own = rest.filter((key) => resources.creates?.includes(key))
  return own.length === 0 ? undefined : kept(`others use ${own.join(', ')}, which ${context.step} made`)
}

/** Names the runs that need something, with the verb. */
export const namesOf = ({ runs: [first, ...more] }: Need): string =>
  more.length === 0 ? `run ${first} needs` : `the runs ${[first, ...more].join(', ')} need`
