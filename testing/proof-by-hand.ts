import { show, type Command, type Output } from '../core/command.ts'
import { differences, type Difference } from '../core/difference.ts'
import { equal, type Json } from '../core/json.ts'
import type { Step } from '../core/step.ts'
import { Breach } from './breach.ts'
import { foretelling, type Looker } from './foretold.ts'
import { expectHooks } from './hooks.ts'
import { changesSince, toldOf, type Picture } from './picture.ts'

/** What was done by hand, and what the kernel looked like then; a step that only looks made nothing. */
export interface Made {
  readonly apply: readonly Command[]
  readonly undo: readonly Command[]
  readonly whole?: Picture
}

/** Looks, and expects that looking changed nothing. @throws Breach */
export async function looked<I, S extends Json>(
  { hand, where }: Looker<I, S>,
  see: () => Promise<Picture>,
  before: Picture,
): Promise<void> {
  await hand.plan(where)
  const found = await changesSince(before, see)
  if (found.length > 0) throw new Breach('probe-looks', 'after the probes:', ...toldOf(found))
}

/** Expects of a step that only looks that it holds. @throws Breach */
export async function onlyLooked<I, S extends Json>({ step, input, hand, where }: Looker<I, S>): Promise<Made> {
  const { state, outputs } = await hand.look(where)
  const plan = step.plan(input, state, where)
  if (plan.conflict !== undefined) throw new Breach('looks-only', `the conflict: ${plan.conflict}`)
  if (plan.apply.length > 0) throw new Breach('looks-only', 'commands:', ...plan.apply.map(show))
  expectExitCodes(step, outputs, true)
  return { apply: [], undo: [] }
}

/** Applies a step by hand, looks at what the engine goes by, and takes it back. @throws Breach */
export async function appliedAndUndone<I, S extends Json>(
  looks: Looker<I, S>,
  see: () => Promise<Picture>,
  before: Picture,
): Promise<Made> {
  const { step, input, hand, where } = looks
  const foretold = await foretelling({ ...looks, where: { ...where, step: 'later' } })
  const at = new Date().toISOString()
  const { before: state, outputs: early, plan } = await hand.apply()
  if (plan.apply.length === 0) throw new Breach('acts', 'a plan without commands')
  const soon = await hand.observe(where)
  const whole = await see()
  const { state: after, outputs } = await hand.look(where)
  await expectDone(looks, after)
  if (equal(before, whole)) throw new Breach('visible', 'no difference')
  expectExitCodes(step, early, false)
  expectExitCodes(step, outputs, true)
  expectHooks({ step, input, where, at, before: state, soon, after, plan, listed: outputs[0]?.stdout ?? '' })
  await foretold([{ ...where, uses: step.type, input, resources: step.resources(input) }])
  const undo = await hand.undo(state)
  const found = await changesSince(before, see)
  if (found.length > 0) throw notRestored(found, differences(whole, await see()))
  return { apply: plan.apply, undo, whole }
}

/** Expects that an applied step holds: for its own run, and for another one. */
async function expectDone<I, S extends Json>({ step, input, hand, where }: Looker<I, S>, after: S): Promise<void> {
  const own = step.plan(input, after, where)
  if (own.conflict !== undefined) throw new Breach('goal', `the conflict: ${own.conflict}`)
  if (own.apply.length > 0) throw new Breach('goal', 'commands that are planned again:', ...own.apply.map(show))
  const other = await hand.plan({ ...where, run: 'another1', step: 'other' })
  if (other.conflict !== undefined) throw new Breach('once', `in another run, the conflict: ${other.conflict}`)
  if (other.apply.length > 0) throw new Breach('once', 'in another run, the commands:', ...other.apply.map(show))
}

/** Where a script goes by the exit codes of the probes, expects that they tell whether the step holds. */
function expectExitCodes<I, S extends Json>(step: Step<I, S>, outputs: readonly Output[], holds: boolean): void {
  if (step.exitCodeTells !== true) return
  const codes = outputs.map(({ exitCode }) => exitCode)
  if (codes.every((code) => code === 0) === holds) return
  throw new Breach('exit-code-tells', `${holds ? 'when it holds' : 'before "apply"'}, exit codes ${codes.join(', ')}`)
}

/** Tells what undo took from what "apply" changed and undo did not put back: the latter was gone before the undo. */
function notRestored(found: readonly Difference[], byUndo: readonly Difference[]): Breach {
  const taken = found.filter((it) => isGone(it) && byUndo.some((by) => isGone(by) && equal(by.expected, it.expected)))
  if (taken.length > 0) return new Breach('undo-own', 'gone after undo, and there before it:', ...toldOf(taken))
  return new Breach('undo-restores', 'after undo:', ...toldOf(found))
}

const isGone = (it: Difference): boolean => it.found === undefined
