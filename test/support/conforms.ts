import { expect } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import type { Json } from '../../core/json.ts'
import type { Context, Step } from '../../core/step.ts'
import { byHand } from '../../testing/by-hand.ts'
import { context, given } from '../../testing/given.ts'
import type { Kernel } from './kernel.ts'

/** One step on a real kernel, driven by hand as the engine would. */
export function on<Input, State extends Json>(
  kernel: Kernel,
  step: Step<Input, State>,
  rawInput: unknown,
  where: Context = context,
) {
  const it = byHand(kernel.exec, step, given(step, rawInput, where).input, where)
  const plan = () => it.plan(where)
  return {
    observe: () => it.observe(where),
    plan,
    /** Applies the step; gives the state before. Expects that it then holds. */
    apply: async (): Promise<State> => {
      const { before } = await it.apply()
      expect(await plan(), 'planning again after applying').toMatchObject({ apply: [] })
      return before
    },
    /** Takes the step back to `before`; expects that nothing is left to undo. */
    undo: async (before: State): Promise<void> => void (await it.undo(before)),
  }
}

/** Proves by hand, in a kernel that a test has made ready, that a step applied holds, and undone leaves all as before. */
export async function conforms<Input, State extends Json>(
  kernel: Kernel,
  step: Step<Input, State>,
  input: unknown,
): Promise<void> {
  const fingerprintBefore = await fingerprint(kernel.exec)
  const it = on(kernel, step, input)
  const before = await it.apply()
  expect(await fingerprint(kernel.exec), 'applying changes the kernel').not.toEqual(fingerprintBefore)
  await it.undo(before)
  expect(await fingerprint(kernel.exec)).toEqual(fingerprintBefore)
}
