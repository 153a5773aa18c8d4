import type { Plan, Step } from './step.ts'

/** A step type whose own code broke: it threw, or gave something that is no plan. */
export class StepBroken extends Error {
  readonly hint: string | undefined

  constructor(type: string, part: string, cause: unknown) {
    super(`the step type "${type}" broke in its "${part}": ${inWords(cause)}`, { cause })
    const place = cause instanceof Error ? /^ +at (.*)$/m.exec(cause.stack ?? '')?.[1] : undefined
    this.hint = place === undefined ? undefined : `the mistake is in the step type, not in the workflow: ${place}`
  }
}

/** Gives a step whose functions throw nothing but `StepBroken`, which names the step type and the function. */
export function guarded(step: Step): Step {
  return new Proxy(step, {
    get(_, name) {
      const part: unknown = Reflect.get(step, name)
      if (name === 'plan') return guardedCall(step, name, planOf as Call)
      if (typeof part === 'function') return guardedCall(step, String(name), part as Call)
      const hasParts = (name === 'outputs' || name === 'diagnosis') && typeof part === 'object'
      return hasParts ? guardedParts(step, name, part) : part
    },
  })
}

/** Says in one line what was thrown. */
export function inWords(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
}

type Call = (this: Step, ...args: unknown[]) => unknown

function guardedCall(step: Step, name: string, call: Call): Call {
  return (...args) => {
    try {
      return call.apply(step, args)
    } catch (error) {
      throw new StepBroken(step.type, name, error)
    }
  }
}

function guardedParts(step: Step, name: string, parts: object | null): object {
  const calls = Object.entries(parts ?? {}) as readonly (readonly [string, Call])[]
  return Object.fromEntries(calls.map(([part, call]) => [part, guardedCall(step, `${name}.${part}`, call)]))
}

/** Asks for a plan and expects that one comes. */
function planOf(this: Step, ...args: Parameters<Step['plan']>): Plan {
  const plan = this.plan(...args) as Plan | undefined
  if (plan?.conflict !== undefined) return plan
  if (Array.isArray(plan?.apply) && Array.isArray(plan.undo)) return plan
  throw new Error(`expected { apply: […], undo: […] } or { conflict: "…" }, got ${JSON.stringify(plan)}`)
}
