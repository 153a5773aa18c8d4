import type { Failure } from '../events.ts'
import type { Json } from '../json.ts'
import type { Look } from '../look.ts'
import type { Plan } from '../step.ts'
import { StepTrouble, type Subject } from './subject.ts'

/** What a step saw, and what follows from it. */
export interface Planned {
  readonly state: Json
  readonly planned: Plan
}

/** Looks at a step's subject and plans it. @throws CouldNotLook; StepTrouble when a netns that it works in is not there */
export async function planOnce(look: Look, { step, input, context, uses }: Subject): Promise<Planned> {
  if (uses.length > 0) expectNetns(uses, await look.netns())
  const state = await look.observe(step, input, context, new Set())
  return { state, planned: step.plan(input, state, context) }
}

/** The failure of a step that something stands in the way of. */
export function troubleOf(planned: Plan & { readonly conflict: string; readonly hint?: string }): Failure {
  return { message: planned.conflict, ...(planned.hint === undefined ? {} : { hint: planned.hint }) }
}

function expectNetns(uses: readonly string[], there: { readonly [name: string]: number }): void {
  const missing = uses.find((netns) => !(netns in there))
  if (missing === undefined) return
  const names = Object.keys(there).join(', ') || 'none'
  const hint = `add a step { "uses": "netns", "with": { "netns": "${missing}" } } before it`
  throw new StepTrouble({ message: `expected a netns "${missing}", found ${names}`, hint })
}
