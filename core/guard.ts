import { NsnetError } from './errors.ts'
import { frozen } from './frozen.ts'
import { isPromise } from './plain-json.ts'
import { breachOf, isJson, promises, type Promised } from './promises.ts'
import type { Schema } from './schema.ts'
import type { Step } from './step.ts'
import { withoutExit } from './without-exit.ts'
import { inTime, PLUGIN_LIMIT_MS, timeLimit, tookTooLong, within } from './time-limit.ts'

/** A step type whose own code broke: it threw, took too long, or gave something that is no plan. */
export class StepBroken extends NsnetError {
  constructor({ step: { type }, plugin }: Guarded, part: string, cause: unknown) {
    const file = plugin?.file
    const places = cause instanceof Error ? [...(cause.stack ?? '').matchAll(/^ +at (.*)$/gm)].map(([, at]) => at!) : []
    const place = places.find((at) => file !== undefined && at.includes(file)) ?? places[0]
    const where = [file ?? (place && 'the step type'), place].filter((it) => it !== undefined)
    const hint = where.length === 0 ? undefined : `the mistake is in ${where[0]}, not in the workflow`
    const message = `the step type "${type}" broke in its "${part}": ${inWords(cause)}`
    super('PLUGIN_INVALID', message, place === undefined ? hint : `${hint}: ${place}`, { cause })
  }
}

/** The plugin that a step type comes from. */
export interface Origin {
  /** Absolute path. */
  readonly file: string
  /** A program in another language: whoever asks it waits no longer than that may take. */
  readonly isProgram: boolean
}

/**
 * Gives a step whose functions throw nothing but `StepBroken`, which names the step type, the function and the plugin's file. A
 * step without a plugin is nsnet's own: the compiler knows what it gives. What a plugin gives is looked at closely; what it is
 * given it cannot change; and its functions can neither end nsnet nor take longer than 10 s (or `NSNET_TIMEOUT`).
 */
export function guarded(step: Step, plugin: Origin | undefined): Step {
  const parts = new Map<string | symbol, unknown>()
  // what a plugin has frozen could not be told otherwise
  return new Proxy(Object.create(step) as Step, {
    get(_, name) {
      if (!parts.has(name)) parts.set(name, guardedPart({ step, plugin }, name))
      return parts.get(name)
    },
  })
}

interface Guarded {
  readonly step: Step
  readonly plugin: Origin | undefined
}

function guardedPart(it: Guarded, name: string | symbol): unknown {
  const part: unknown = Reflect.get(it.step, name)
  if (typeof part === 'function') return guardedCall(it, String(name), part as Call)
  if (name === 'input' && it.plugin) return guardedInput(it, it.step.input)
  const hasParts = typeof name === 'string' && WITH_PARTS.has(name) && typeof part === 'object'
  return hasParts ? guardedParts(it, name, part) : part
}

/** Fields of a step that hold functions of their own. */
const WITH_PARTS: ReadonlySet<string> = new Set(['outputs', 'diagnosis', 'tally'])

/** Says in one line what was thrown. */
export function inWords(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
}

type Call = (this: Step, ...args: unknown[]) => unknown

function guardedCall(it: Guarded, name: string, call: Call): Call {
  const promise = promises[name.split('.')[0]!]
  const ask = it.plugin ? watched(it.step, it.plugin, call) : call.bind(it.step)
  return (...args) => {
    try {
      const given = ask(...args)
      // the state that it was given is one: most earlier steps change nothing about it
      return name === 'foretell' && given === args[1] ? given : expected(promise, given, it.plugin !== undefined)
    } catch (error) {
      throw new StepBroken(it, name, error)
    }
  }
}

/** How many calls of a function are watched: what ended so often ends, and watching takes time. */
const WATCHED = 200

function watched(step: Step, { isProgram }: Origin, call: Call): (...args: readonly unknown[]) => unknown {
  let calls = 0
  return (...args) => {
    const work = (): unknown => call.apply(step, args.map(frozen))
    const isTimed = !isProgram && calls++ < WATCHED
    return withoutExit(isTimed ? () => within(timeLimit(PLUGIN_LIMIT_MS), work) : work)
  }
}

function expected(promised: Promised | undefined, given: unknown, isPlugin: boolean): unknown {
  const [, , isState] = promised ?? []
  // of nsnet's own steps the compiler knows, and of each of thousands it would be asked again
  if (promised === undefined || (isState && !isPlugin)) return given
  const breach = breachOf(promised, given, asGiven)
  if (breach === undefined) return given
  // nobody waits for it: what becomes of it must not end nsnet
  if (isPromise(given)) given.then(undefined, () => undefined)
  // where it was noticed tells nothing about where the mistake is
  throw Object.assign(new Error(breach), { stack: '' })
}

const asGiven = (given: unknown): string =>
  isPromise(given) ? 'a promise' : isJson(given) ? JSON.stringify(given) : String(given)

function guardedParts(it: Guarded, name: string, parts: object | null): object {
  const calls = Object.entries(parts ?? {}) as readonly (readonly [string, Call])[]
  return Object.fromEntries(calls.map(([part, call]) => [part, guardedCall(it, `${name}.${part}`, call)]))
}

/** A validator whose only function is guarded; it may be any, and it alone may be waited for. */
function guardedInput(it: Guarded, input: Schema<unknown>): Schema<unknown> {
  const standard = input['~standard']
  const call = guardedCall(it, 'input', (value) => standard.validate(value))
  const validate = (value: unknown): unknown => {
    const given = Reflect.apply(call, it.step, [value]) as unknown
    return isPromise(given) ? awaited(it, given) : given
  }
  const own = { ...standard, validate }
  const around = Object.create(input) as Schema<unknown>
  return new Proxy(around, { get: (_, name) => (name === '~standard' ? own : (Reflect.get(input, name) as unknown)) })
}

async function awaited(it: Guarded, given: PromiseLike<unknown>): Promise<unknown> {
  const ms = timeLimit(PLUGIN_LIMIT_MS)
  try {
    const result = await inTime(ms, given, () => tookTooLong(ms))
    return isPromise(result) ? result : expected(promises['input'], result, true)
  } catch (error) {
    throw new StepBroken(it, 'input', error)
  }
}
