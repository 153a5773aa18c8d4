import { grouped } from '../core/grouped.ts'
import type { Json } from '../core/json.ts'
import type { Context, Step } from '../core/step.ts'
import { Breach, ContractBroken } from './breach.ts'
import { openWorld, type World } from './sandbox.ts'
import { stageOf } from './stage.ts'
import { testedOf, type ConformsOptions, type Tested } from './tested.ts'
import { trial, witnessed, type Example, type Trial } from './trial.ts'
import { inTurn } from './turns.ts'

/**
 * Proves the contract of a step type on a real kernel, by examples of its input. The step is given as an object, or as the file
 * of a plugin: a module, or a program in another language.
 *
 * In the sandbox of nsnet (private namespaces, no root needed, nothing is left behind; many may be open at the same time)
 * each example is applied and undone by hand, verb by verb, and then by the real nsnet, which is killed (SIGKILL) between any
 * two commands, resumed, run once more and undone. An example takes one to two seconds. Examples with the same `before` share a
 * sandbox, others are tried at the same time.
 *
 * @throws ContractBroken at the first rule that is broken: which, what was expected, what came, what to change
 * @throws NsnetError SANDBOX_UNAVAILABLE when the kernel does not allow private namespaces; PLUGIN_INVALID
 * @see docs/testing-a-step.md
 */
export async function conforms<Input, State extends Json>(
  step: Step<Input, State> | string | URL,
  examples: readonly Example[],
  options: ConformsOptions = {},
): Promise<void> {
  const tested = await testedOf(step, options)
  if (examples.length === 0) throw new TypeError('expected at least one example, got none: nothing would be proved')
  let isBroken = false
  const byStage = grouped(examples, ({ before = [] }) => [JSON.stringify(before)])
  const stages = [...byStage.values()].map((group) =>
    inTurn(async () => {
      if (isBroken) return
      await onStage(tested, group).catch((error: unknown) => {
        isBroken = true
        throw error
      })
    }),
  )
  for (const ended of await Promise.allSettled(stages)) if (ended.status === 'rejected') throw ended.reason
}

async function onStage<I, S extends Json>(tested: Tested<I, S>, examples: readonly Example[]): Promise<void> {
  const world = await openWorld()
  try {
    const where = await contextIn(world)
    const trials = examples.map((example) => ({ ...tested, example, world, where }))
    await stageOf(world.exec, examples[0]!.before ?? [], tested.file, async () => {
      const sights = await Promise.all(trials.map((it) => tried(it, () => witnessed(it))))
      return async (earlier) => {
        for (const [at, it] of trials.entries()) await tried(it, () => sights[at]!(earlier))
      }
    })
    const onIt = await contextIn(world)
    for (const it of trials) await tried(it, () => trial({ ...it, where: onIt }))
  } finally {
    await world.close()
  }
}

async function tried<I, S extends Json, T>({ step, example }: Trial<I, S>, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Breach ? new ContractBroken(step.type, example.input, error) : error
  }
}

/** Where the step is planned by hand: the id of the run is as long as a real one. */
const contextIn = async ({ facts }: World): Promise<Context> => ({
  run: 'handmade',
  step: 'example',
  facts: await facts(),
})
