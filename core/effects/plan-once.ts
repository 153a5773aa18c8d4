import type { Failure } from '../events.ts'
import { equal, type Json } from '../json.ts'
import type { Look, NetnsIds } from '../look.ts'
import type { Plan } from '../step.ts'
import { StepTrouble, type Subject } from './subject.ts'

/** What a step saw, and what follows from it. */
export interface Planned {
  readonly state: Json
  readonly planned: Plan
  /** The named netns that the step works in, as they are. */
  readonly netns: NetnsIds
}

/** Looks at a step's subject and plans it. @throws CouldNotLook; StepTrouble when a netns that it works in is not there or another one */
export async function planOnce(look: Look, subject: Subject): Promise<Planned> {
  const { step, input, context, uses } = subject
  const there = uses.length > 0 ? await look.netns() : {}
  expectNetns(subject, there)
  const state = await look.observe(step, input, context, new Set())
  const netns = Object.fromEntries(uses.map((name) => [name, there[name]!]))
  return { state, planned: step.plan(input, state, context), netns }
}

/** The failure of a step that something stands in the way of. */
export function troubleOf(planned: Plan & { readonly conflict: string; readonly hint?: string }): Failure {
  return { message: planned.conflict, ...(planned.hint === undefined ? {} : { hint: planned.hint }) }
}

/** Expects the netns that a step works in, the very ones that the run has worked in so far. @throws StepTrouble */
export function expectNetns({ uses, known, context: { run } }: Subject, there: NetnsIds): void {
  const other = uses.find((name) => name in there && !equal(known[name] ?? there[name], there[name]))
  if (other !== undefined) {
    const message = `expected the netns "${other}" that the run has worked in so far, found another one of that name`
    throw new StepTrouble({ message, hint: `take the run back and begin anew: nsnet undo ${run}` })
  }
  const missing = uses.find((netns) => !(netns in there))
  if (missing === undefined) return
  const names = Object.keys(there).join(', ') || 'none'
  const hint = `add a step { "uses": "netns", "with": { "netns": "${missing}" } } before it`
  throw new StepTrouble({ message: `expected a netns "${missing}", found ${names}`, hint })
}
