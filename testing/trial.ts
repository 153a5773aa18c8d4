import type { Json } from '../core/json.ts'
import { probesOf, type Context, type Earlier } from '../core/step.ts'
import { byHand } from './by-hand.ts'
import { foretelling, type Looker } from './foretold.ts'
import { inputOf } from './input.ts'
import { killedAndResumed, killedAndUndone, ranAndUndone, type Site } from './kills.ts'
import { expectMadeNamed, expectNetnsNamed } from './named.ts'
import { nsnetWith } from './nsnet.ts'
import { pictureOf, type Picture } from './picture.ts'
import { appliedAndUndone, looked, onlyLooked, type Made } from './proof-by-hand.ts'
import type { World } from './sandbox.ts'
import type { Stage } from './stage.ts'
import type { Tested } from './tested.ts'
import { watched } from './watched.ts'

/** An example of a step, by which its contract is proved. */
export interface Example {
  /** What a workflow says in `with`. */
  readonly input: unknown
  /**
   * What has to be there before, in the sandbox of nsnet: steps `{ uses, with }`, or command lines for sh(1). Of steps it is
   * proved, too, that the step foretells what they do.
   */
  readonly before?: Stage
  /** Command lines for sh(1) that show what the fingerprint of nsnet does not: a file, a qdisc. */
  readonly looks?: readonly string[]
}

/** A step with one example, on its stage. */
export interface Trial<Input, State extends Json> extends Tested<Input, State> {
  readonly example: Example
  readonly world: World
  readonly where: Context
}

/** Looks before steps of the stage are run; what it gives is called behind them. @throws Breach */
export async function witnessed<Input, State extends Json>(
  it: Trial<Input, State>,
): Promise<(earlier: readonly Earlier[]) => Promise<void>> {
  const { step, replay } = watched(it.step, it.again)
  const then = await foretelling(looker({ ...it, step }))
  return async (earlier) => {
    await then(earlier)
    replay()
  }
}

function looker<I, S extends Json>({ step, example, world, where }: Trial<I, S>): Looker<I, S> {
  const input = inputOf(step, example.input)
  return { step, input, where, hand: byHand(world.exec, step, input, where) }
}

/** Proves the contract for one example. @throws Breach at the first rule that is broken */
export async function trial<Input, State extends Json>(it: Trial<Input, State>): Promise<void> {
  const { example, file, world, where } = it
  const { step, replay } = watched(it.step, it.again)
  const looks = looker({ ...it, step })
  const see = (): Promise<Picture> => pictureOf(world.look, example.looks ?? [])
  const before = await see()
  await looked(looks, see, before)
  replay()
  const made = step.onlyLooks === true ? await onlyLooked(looks) : await appliedAndUndone(looks, see, before)
  replay()
  const resources = step.resources(looks.input)
  expectNetnsNamed(resources, [...probesOf(step, looks.input, where), ...made.apply, ...made.undo])
  if (made.whole) expectMadeNamed(resources, before, made.whole)
  const nsnet = () =>
    nsnetWith(world.exec, [{ uses: step.type, with: example.input }], file, [...made.apply, ...made.undo])
  await really({ nsnet, see, before }, made)
}

/** Has the real nsnet do it, and kills it. */
async function really(site: Site, { apply, undo, whole }: Made): Promise<void> {
  if (whole === undefined) return await ranAndUndone(site)
  const counts = { apply: apply.length, undo: undo.length }
  await killedAndUndone(site, counts)
  await killedAndResumed({ ...site, whole }, counts)
}
