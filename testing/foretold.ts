import { show } from '../core/command.ts'
import { differences } from '../core/difference.ts'
import { relatedSteps } from '../core/effects/related-steps.ts'
import { outputsIn } from '../core/effects/subject.ts'
import { isList, isObject, type Json } from '../core/json.ts'
import type { Context, Earlier, Plan, Step } from '../core/step.ts'
import { settle } from '../core/wait.ts'
import { builtinSteps } from '../library/builtin.ts'
import { Breach } from './breach.ts'
import type { ByHand } from './by-hand.ts'
import { SETTLE_MS, toldOf } from './picture.ts'

/** A step that is looked at by hand. */
export interface Looker<Input, State extends Json> {
  readonly step: Step<Input, State>
  readonly input: Input
  readonly hand: ByHand<State>
  readonly where: Context
}

/**
 * Looks at a step before others are applied. What this gives is called behind them: what the engine foretells of them for the
 * step, by its `foretell`, `watches`, `tally` and `resources`, has to be what is there then.
 *
 * @throws Breach
 */
export async function foretelling<I, S extends Json>(looker: Looker<I, S>) {
  const { step, input, hand, where } = looker
  const seen = await hand.observe(where)
  return async (earlier: readonly Earlier[]): Promise<void> => {
    if (earlier.some(({ uses }) => isOpaque(uses, step as unknown as Step))) return
    const related = relatedSteps()
    for (const [at, each] of earlier.entries()) related.add(each, at)
    const { state, stopped } = related.foretell(step as unknown as Step, input, seen, step.resources(input))
    if (stopped !== undefined) return
    const look = async () => unlikeIn(looker, state as S, await hand.observe(where))
    const wrong = await settle(look, (it) => it.length === 0, SETTLE_MS)
    const when = `after ${earlier.map(({ step: id, uses }) => `${id} (${uses})`).join(', ')}, of what was foretold:`
    if (wrong.length > 0) throw new Breach('foretell', when, ...wrong)
  }
}

/**
 * Lists what would follow from a state that was foretold, and does not from the one that is seen: another plan, other outputs.
 * How the states themselves are written is the step's own business.
 */
function unlikeIn<I, S extends Json>({ step, input, where }: Looker<I, S>, told: S, found: S): readonly string[] {
  const [planned, real] = [told, found].map((it) => planIn(step.plan(input, it, where)))
  const states = toldOf(differences(found, told)).map((line) => `in the state, ${line}`)
  if (planned !== real) return [`planned on it: ${planned}`, `planned on what is seen: ${real}`, ...states]
  return unlikeOutputs(step, input, told, found)
}

/** Lists where the outputs of a state that was told beforehand differ from those of the one that is seen, but for blanks. */
export function unlikeOutputs<I, S extends Json>(step: Step<I, S>, input: I, told: S, found: S): readonly string[] {
  const [outputs, real] = [told, found].map((state) => outputsIn(step, state, input)) as [Json, Json]
  return toldOf(differences(real, filled(outputs, real))).map((line) => `in the outputs, ${line}`)
}

/** Says whether a step does not tell all that it changes. */
const isOpaque = (type: string, own: Step): boolean =>
  [own, ...builtinSteps].find((it) => it.type === type)?.alone === true

const planIn = (plan: Plan): string =>
  plan.conflict === undefined ? plan.apply.map(show).join('; ') || 'nothing' : `the conflict: ${plan.conflict}`

/** Fills in what only the kernel knows, and is left blank. */
function filled(told: Json, found: Json): Json {
  if (told === null || told === '' || told === 0) return found
  if (isList(told) && isList(found) && told.length === found.length)
    return told.map((item, at) => filled(item, found[at]!))
  if (!isObject(told) || !isObject(found)) return told
  return Object.fromEntries(
    Object.entries(told).map(([key, value]) => [key, key in found ? filled(value, found[key]!) : value]),
  )
}
