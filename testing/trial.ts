import { show, type Command } from '../core/command.ts'
import { differences, type Difference } from '../core/difference.ts'
import { equal, type Json } from '../core/json.ts'
import { probesOf, type Context, type Step } from '../core/step.ts'
import { Breach } from './breach.ts'
import { byHand, type ByHand } from './by-hand.ts'
import { inputOf } from './input.ts'
import { killedAndResumed, killedAndUndone, ranAndUndone, type KillSite } from './kills.ts'
import { expectMadeNamed, expectNetnsNamed } from './named.ts'
import { nsnetWith } from './nsnet.ts'
import { changesSince, pictureOf, steadyPicture, toldOf, type Picture } from './picture.ts'
import type { World } from './sandbox.ts'
import type { Stage } from './stage.ts'
import { watched } from './watched.ts'

/** An example of a step, by which its contract is proved. */
export interface Example {
  /** What a workflow says in `with`. */
  readonly input: unknown
  /** What has to be there before, in the sandbox of nsnet: steps `{ uses, with }`, or command lines for sh(1). */
  readonly before?: Stage
  /** Command lines for sh(1) that show what the fingerprint of nsnet does not: a file, a qdisc. */
  readonly looks?: readonly string[]
}

/** A step with one example, on its stage. */
export interface Trial<Input, State extends Json> {
  readonly step: Step<Input, State>
  readonly example: Example
  /** The file of the step; undefined for one that nsnet brings along. */
  readonly file: string | undefined
  readonly world: World
  readonly where: Context
}

/** Proves the contract for one example. @throws Breach at the first rule that is broken */
export async function trial<Input, State extends Json>(it: Trial<Input, State>): Promise<void> {
  const { example, file, world, where } = it
  const { step, replay } = watched(it.step)
  const input = inputOf(step, example.input)
  const see = (): Promise<Picture> => pictureOf(world.exec, example.looks ?? [])
  const before = await steadyPicture(see)
  const hand = byHand(world.exec, step, input, where)
  await looked(hand, where, see, before)
  replay()
  const made =
    step.onlyLooks === true ? await onlyLooked(hand, where) : await appliedAndUndone(hand, where, see, before)
  replay()
  const resources = step.resources(input)
  expectNetnsNamed(resources, [...probesOf(step, input, where), ...made.apply, ...made.undo])
  if (made.whole) expectMadeNamed(resources, before, made.whole)
  const nsnet = () =>
    nsnetWith(world.exec, [{ uses: step.type, with: example.input }], file, [...made.apply, ...made.undo])
  await really({ nsnet, see, before }, made)
}

/** Has the real nsnet do it, and kills it. */
async function really(site: Omit<KillSite, 'whole'>, { apply, undo, whole }: Made): Promise<void> {
  if (whole === undefined) return await ranAndUndone({ ...site, whole: site.before })
  const counts = { apply: apply.length, undo: undo.length }
  await killedAndUndone({ ...site, whole }, counts)
  await killedAndResumed({ ...site, whole }, counts)
}

async function appliedAndUndone<S extends Json>(
  hand: ByHand<S>,
  where: Context,
  see: () => Promise<Picture>,
  before: Picture,
): Promise<Made> {
  const { before: state, commands } = await hand.apply()
  if (commands.length === 0) throw new Breach('acts', 'a plan without commands')
  const whole = await steadyPicture(see)
  await expectDone(hand, where)
  if (equal(before, whole)) throw new Breach('visible', 'no difference')
  const undo = await hand.undo(state)
  const found = await changesSince(before, see)
  if (found.length > 0) throw notRestored(found, differences(whole, await see()))
  return { apply: commands, undo, whole }
}

/** What was done by hand, and what the kernel looked like then; a step that only looks made nothing. */
interface Made {
  readonly apply: readonly Command[]
  readonly undo: readonly Command[]
  readonly whole?: Picture
}

/** Looks, and expects that looking changed nothing. */
async function looked<S extends Json>(
  hand: ByHand<S>,
  where: Context,
  see: () => Promise<Picture>,
  before: Picture,
): Promise<void> {
  await hand.plan(where)
  const found = await changesSince(before, see)
  if (found.length > 0) throw new Breach('probe-looks', 'after the probes:', ...toldOf(found))
}

async function onlyLooked<S extends Json>(hand: ByHand<S>, where: Context): Promise<Made> {
  const plan = await hand.plan(where)
  if (plan.conflict !== undefined) throw new Breach('looks-only', `the conflict: ${plan.conflict}`)
  if (plan.apply.length > 0) throw new Breach('looks-only', 'commands:', ...plan.apply.map(show))
  return { apply: [], undo: [] }
}

/** Expects that an applied step holds: for its own run, and for another one. */
async function expectDone<S extends Json>(hand: ByHand<S>, where: Context): Promise<void> {
  const own = await hand.plan(where)
  if (own.conflict !== undefined) throw new Breach('goal', `the conflict: ${own.conflict}`)
  if (own.apply.length > 0) throw new Breach('goal', 'commands that are planned again:', ...own.apply.map(show))
  const other = await hand.plan({ ...where, run: 'another1', step: 'other' })
  if (other.conflict !== undefined) throw new Breach('once', `in another run, the conflict: ${other.conflict}`)
  if (other.apply.length > 0) throw new Breach('once', 'in another run, the commands:', ...other.apply.map(show))
}

/** Tells what undo took from what "apply" changed and undo did not put back: the latter was gone before the undo. */
function notRestored(found: readonly Difference[], byUndo: readonly Difference[]): Breach {
  const taken = found.filter((it) => isGone(it) && byUndo.some((by) => isGone(by) && equal(by.expected, it.expected)))
  if (taken.length > 0) return new Breach('undo-own', 'gone after undo, and there before it:', ...toldOf(taken))
  return new Breach('undo-restores', 'after undo:', ...toldOf(found))
}

const isGone = (it: Difference): boolean => it.found === undefined
