import { expect } from 'vitest'
import { netnsOf, show, succeeded, type Command, type Output } from '../../core/command.ts'
import { fingerprint, listNetns, parseNetns } from '../../core/fingerprint.ts'
import type { Json } from '../../core/json.ts'
import { probesOf, undoOf, type Context, type Step } from '../../core/step.ts'
import { context, given, printed } from './given.ts'
import type { Kernel } from './kernel.ts'

/** One step on a real kernel, driven by hand as the engine would. */
export function on<Input, State extends Json>(
  kernel: Kernel,
  step: Step<Input, State>,
  rawInput: unknown,
  where: Context = context,
) {
  const { input } = given(step, rawInput, where)
  const run = async (commands: readonly Command[]): Promise<void> => {
    for (const command of commands) {
      const output = await kernel.exec(command)
      if (!succeeded(command, output)) throw new Error(`${show(command)}: ${output.exitCode} ${output.stderr}`)
    }
  }
  const probe = async (command: Command): Promise<Output> => {
    const netns = netnsOf(command)
    if (netns !== undefined && !(netns in parseNetns((await kernel.exec(listNetns)).stdout))) return printed('')
    const output = await kernel.exec(command)
    if (!succeeded(command, output)) throw new Error(`probe ${show(command)}: ${output.exitCode} ${output.stderr}`)
    return output
  }
  const observeIn = async (looking: Context): Promise<State> => {
    const outputs: Output[] = []
    for (const command of probesOf(step, input, looking)) outputs.push(await probe(command))
    return JSON.parse(JSON.stringify(step.observe(outputs[0]!, input, { ...looking, outputs }))) as State
  }
  const observe = (): Promise<State> => observeIn(where)
  const observeToUndo = (): Promise<State> => observeIn({ ...where, undoing: true })
  const plan = async () => step.plan(input, await observe(), where)
  return {
    observe,
    plan,
    /** Applies the step; gives the state before. Expects that it then holds. */
    apply: async (): Promise<State> => {
      const before = await observe()
      const made = step.plan(input, before, where)
      if (made.conflict !== undefined) throw new Error(`conflict: ${made.conflict}`)
      await run(made.apply)
      expect(await plan(), 'planning again after applying').toMatchObject({ apply: [] })
      return before
    },
    /** Takes the step back to `before`, as the engine does: whatever the exit codes, observation decides. */
    undo: async (before: State): Promise<void> => {
      for (const command of undoOf(step, input, before, await observeToUndo(), where)) await kernel.exec(command)
      expect(undoOf(step, input, before, await observeToUndo(), where).map(show), 'left to undo').toEqual([])
    },
  }
}

/** Proves the contract of a step on a real kernel: applied it holds, undone the fingerprint is as before. */
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
