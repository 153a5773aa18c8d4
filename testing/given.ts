import assert from 'node:assert/strict'
import { show, type Output } from '../core/command.ts'
import type { Json } from '../core/json.ts'
import type { Context, Plan, Step } from '../core/step.ts'

/** A context for pure tests of steps: run `r1`, step `s1`, on a host with iptables-nft and the uplink `enp1s0`. */
export const context: Context = {
  run: 'r1',
  step: 's1',
  facts: { uplink: 'enp1s0', hostname: 'lab', kernel: '6.1', boot: 'b1', netns: 1, iptables: 'nft' },
}

/** Makes what a command that went well gives: exit code 0 and this stdout. */
export const printed = (stdout: string): Output => ({ stdout, stderr: '', exitCode: 0, timedOut: false, durationMs: 1 })

/** A step with an input, in a test without a kernel. */
export interface Given<Input, State extends Json> {
  /** The input after validation, defaults filled in. */
  readonly input: Input
  /**
   * Says what the step sees. What is left out of an object is taken from what the step observes when its probes print
   * nothing: the state of a thing that is not there.
   */
  readonly seeing: (state: Partial<State>) => Seeing
  /** Observes: gives the state that the step reads from what its probes print, one text for each of them. */
  readonly observes: (...stdout: readonly string[]) => State
}

/** A step with an input and what it sees. Each of these throws an AssertionError that shows the difference. */
export interface Seeing {
  /** Expects these commands and this way back, as `nsnet plan` shows them: `ip link set dev wan0 mtu 1400`. */
  readonly plans: (expected: { readonly apply: readonly string[]; readonly undo: readonly string[] }) => void
  /** Expects that it holds already: nothing to apply, no conflict. */
  readonly isSatisfied: () => void
  /** Expects a conflict whose message has this text in it, or matches this pattern. */
  readonly conflicts: (message: string | RegExp) => void
}

/**
 * Begins a pure test of a step, which reads as a sentence: `given(mtu, { … }).seeing({ … }).plans({ apply: […], undo: […] })`.
 *
 * No command is run. `where` is the run, step and host that the step is planned for (default: `context`).
 *
 * @throws when the step does not take the input
 */
export function given<Input, State extends Json>(
  step: Step<Input, State>,
  input: unknown,
  where: Context = context,
): Given<Input, State> {
  const valid = validated(step, input)
  const observes = (...stdout: readonly string[]): State => {
    const outputs = stdout.map(printed)
    return step.observe(outputs[0] ?? printed(''), valid, { ...where, outputs })
  }
  return {
    input: valid,
    observes,
    seeing: (state) => seeing(step.plan(valid, whole(state, observes), where)),
  }
}

/** Validates an input at once. @throws when the step does not take it, or its schema answers with a promise */
export function validated<Input, State extends Json>(step: Step<Input, State>, input: unknown): Input {
  const result = step.input['~standard'].validate(input)
  assert(!(result instanceof Promise), `expected the schema of ${step.type} to answer at once, got a promise`)
  if (!result.issues) return result.value
  const issues = result.issues.map(({ message, path = [] }) => [...path.map(keyOf), message].join(': '))
  assert.fail(`not an input of ${step.type}: ${JSON.stringify(input)}: ${issues.join('; ')}`)
}

const keyOf = (key: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof key === 'object' ? key.key : key)

function seeing(plan: Plan): Seeing {
  return {
    plans(expected) {
      if (plan.conflict !== undefined) assert.fail(`expected a plan, got the conflict: ${plan.conflict}`)
      assert.deepStrictEqual({ apply: plan.apply.map(show), undo: plan.undo.map(show) }, expected)
    },
    isSatisfied() {
      if (plan.conflict !== undefined) assert.fail(`expected nothing to do, got the conflict: ${plan.conflict}`)
      assert.deepStrictEqual(plan.apply.map(show), [], 'expected nothing to apply')
    },
    conflicts(message) {
      const found = plan.conflict
      assert(found !== undefined, `expected a conflict, got a plan: ${JSON.stringify(plan)}`)
      const fits = typeof message === 'string' ? found.includes(message) : message.test(found)
      assert(fits, `expected a conflict like ${String(message)}, got: ${found}`)
    },
  }
}

function whole<State extends Json>(state: Partial<State>, observes: (stdout: string) => State): State {
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return state as unknown as State
  try {
    const blank = observes('')
    return typeof blank === 'object' ? ({ ...blank, ...state } as State) : (state as State)
  } catch {
    // what prints nothing is no answer for this step: the state has to be whole
    return state as State
  }
}
