import { StepBroken, guarded, inWords } from '../core/guard.ts'
import { equal, type Json } from '../core/json.ts'
import { got } from '../core/problems.ts'
import { breachOf, promises } from '../core/promises.ts'
import type { Step } from '../core/step.ts'
import { differences, tell } from '../core/difference.ts'
import { Breach } from './breach.ts'

/** A step whose functions are watched: what they are given and what they give. */
export interface Watched<Input, State extends Json> {
  readonly step: Step<Input, State>
  /** Calls again all that has been called, with what it was given then. @throws Breach when anything else comes */
  readonly replay: () => void
}

/** What is not called with plain data, or is no function of the contract. */
const left = new Set(['input', 'tally', 'diagnosis', 'docs'])

/**
 * Watches a step: each function has to give what the contract says, and to leave its arguments as they are.
 *
 * The functions throw `Breach`. `again` is the step whose functions are called again.
 */
export function watched<Input, State extends Json>(
  step: Step<Input, State>,
  again: Step<Input, State>,
): Watched<Input, State> {
  const [sound, soundAgain] = [step, again].map((it) => guarded(it as unknown as Step, undefined)) as [Step, Step]
  const calls: (() => void)[] = []
  const watch = (name: string, call: Call, second: Call): Call => {
    return (...args) => {
      const copy = structuredClone(args)
      const given = told(name, () => call(...args))
      expectState(name, given)
      expectKept(name, copy, args)
      const seen = plain(given)
      calls.push(() => expectSame(name, seen, plain(told(name, () => second(...structuredClone(copy))))))
      return given
    }
  }
  const parts = new Map<string | symbol, unknown>()
  const part = (name: string | symbol): unknown => {
    const [found, second]: readonly unknown[] = [sound, soundAgain].map((it) => Reflect.get(it, name) as unknown)
    if (typeof name !== 'string' || left.has(name)) return found
    if (typeof found === 'function') return watch(name, found as Call, second as Call)
    if (name !== 'outputs' || found === undefined) return found
    const each = Object.entries(found as Parts)
    return Object.fromEntries(each.map(([at, call]) => [at, watch(`outputs.${at}`, call, (second as Parts)[at]!)]))
  }
  return {
    step: new Proxy(step, {
      get(_, name) {
        if (!parts.has(name)) parts.set(name, part(name))
        return parts.get(name)
      },
    }),
    replay() {
      for (const repeat of calls) repeat()
    },
  }
}

type Call = (...args: readonly unknown[]) => unknown
type Parts = { readonly [part: string]: Call }

function told(name: string, call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    if (!(error instanceof StepBroken)) throw error
    // the reason is an own Error without a place where a function gave nonsense, else what it threw
    throw new Breach(
      'shape',
      `"${name}": ${inWords(error.cause).replace(/^Error: /, '')}`,
      ...(error.hint ?? '').split('\n').slice(0, 1),
    )
  }
}

/** The guard trusts nsnet's own steps with what is JSON. Of what "observe" gives, a rule of its own tells. */
function expectState(name: string, given: unknown): void {
  const promised = promises[name.split('.')[0]!]
  if (promised?.[2] !== true || name === 'observe') return
  const breach = breachOf(promised, given, got)
  if (breach !== undefined) throw new Breach('shape', `"${name}": ${breach}`)
}

/** As the journal holds it. */
const plain = (value: unknown): Json => (value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json))

function expectKept(name: string, before: readonly unknown[], after: readonly unknown[]): void {
  const [was, is] = [plain(before), plain(after)]
  if (equal(was, is)) return
  throw new Breach('arguments-kept', `"${name}" changed what it was given:`, ...differences(was, is).map(tell))
}

function expectSame(name: string, first: Json, second: Json): void {
  if (equal(first, second)) return
  const found = differences(first, second).map(tell)
  throw new Breach('pure', `"${name}", called twice with the same arguments, gave two results:`, ...found)
}
