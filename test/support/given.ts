import { expect } from 'vitest'
import { show, type Output } from '../../core/command.ts'
import type { Json } from '../../core/json.ts'
import type { Context, Step } from '../../core/step.ts'

/** A context for pure tests of steps: run `r1`, step `s1`, on a host with iptables-nft. */
export const context: Context = {
  run: 'r1',
  step: 's1',
  facts: { uplink: 'enp1s0', hostname: 'lab', kernel: '6.1', boot: 'b1', netns: 1, iptables: 'nft' },
}

/** What a command that went well printed. */
export const printed = (stdout: string): Output => ({ stdout, stderr: '', exitCode: 0, timedOut: false, durationMs: 1 })

/** Reads as a sentence: `given(mtu, { … }).seeing({ … }).plans({ apply: […], undo: […] })`. */
export function given<Input, State extends Json>(step: Step<Input, State>, input: unknown, where: Context = context) {
  const result = step.input['~standard'].validate(input)
  if (result instanceof Promise || result.issues)
    throw new Error(`not an input of ${step.type}: ${JSON.stringify(result)}`)
  const valid = result.value
  return {
    input: valid,
    seeing: (state: State) => ({
      plans: (expected: { readonly apply: readonly string[]; readonly undo: readonly string[] }) => {
        const plan = step.plan(valid, state, where)
        if (plan.conflict !== undefined) throw new Error(`expected a plan, got the conflict: ${plan.conflict}`)
        expect({ apply: plan.apply.map(show), undo: plan.undo.map(show) }).toEqual(expected)
      },
      isSatisfied: () => expect(step.plan(valid, state, where)).toMatchObject({ apply: [] }),
      conflicts: (message: string | RegExp) =>
        expect(step.plan(valid, state, where).conflict ?? 'no conflict').toMatch(message),
    }),
    observes: (...stdout: readonly string[]) => {
      const outputs = stdout.map(printed)
      return step.observe(outputs[0] ?? printed(''), valid, { ...where, outputs })
    },
  }
}
