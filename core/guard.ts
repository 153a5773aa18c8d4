import { isSketches } from './sketch.ts'
import type { Step } from './step.ts'

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
  const parts = new Map<string | symbol, unknown>()
  return new Proxy(step, {
    get(_, name) {
      if (!parts.has(name)) parts.set(name, guardedPart(step, name))
      return parts.get(name)
    },
  })
}

function guardedPart(step: Step, name: string | symbol): unknown {
  const part: unknown = Reflect.get(step, name)
  if (typeof part === 'function') return guardedCall(step, String(name), part as Call)
  const hasParts = typeof name === 'string' && WITH_PARTS.has(name) && typeof part === 'object'
  return hasParts ? guardedParts(step, name, part) : part
}

/** Fields of a step that hold functions of their own. */
const WITH_PARTS: ReadonlySet<string> = new Set(['outputs', 'diagnosis', 'tally'])

/** Says in one line what was thrown. */
export function inWords(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
}

type Call = (this: Step, ...args: unknown[]) => unknown

function guardedCall(step: Step, name: string, call: Call): Call {
  const promise = promises[name.split('.')[0]!]
  return (...args) => {
    try {
      const given = call.apply(step, args)
      // the state that it was given is one: most earlier steps change nothing about it
      return name === 'foretell' && given === args[1] ? given : expected(promise, given)
    } catch (error) {
      throw new StepBroken(step.type, name, error)
    }
  }
}

function expected([what, keeps]: (typeof promises)[string] | readonly [] = [], given: unknown): unknown {
  if (keeps === undefined || keeps(given)) return given
  const got = given instanceof Promise ? 'a promise' : isJson(given) ? JSON.stringify(given) : String(given)
  // where it was noticed tells nothing about where the mistake is
  throw Object.assign(new Error(`expected ${what}, got ${got}`), { stack: '' })
}

function guardedParts(step: Step, name: string, parts: object | null): object {
  const calls = Object.entries(parts ?? {}) as readonly (readonly [string, Call])[]
  return Object.fromEntries(calls.map(([part, call]) => [part, guardedCall(step, `${name}.${part}`, call)]))
}

/** What a step's functions have to give: whatever else comes would break the engine later, where nobody knows why. */
const promises: { readonly [name: string]: readonly [string, (given: unknown) => boolean] } = {
  resources: ['an object of lists of keys', isResources],
  probe: ['a command { argv: […] } or a list of them', (given) => [given].flat().every(isCommand)],
  observe: ['plain JSON', (given) => isJson(given)],
  plan: ['{ apply: […], undo: […] } or { conflict: "…" }', isPlan],
  undo: ['a list of commands', isCommands],
  rest: ['a list of keys', isKeys],
  identity: ['plain JSON', (given) => isJson(given)],
  outputs: ['plain JSON', (given) => isJson(given)],
  moreOutputs: ['an object of plain JSON', (given) => isObject(given) && isJson(given)],
  sketch: ['a list of sketches { draw: "…", … }', isSketches],
  mine: ['true or false', (given) => typeof given === 'boolean'],
  watches: ['a list of keys', isKeys],
  outcome: ['plain JSON', (given) => isJson(given)],
  foretell: ['plain JSON or nothing', (given) => given === undefined || isJson(given)],
  changes: ['a list of { what, from, to }', isChanges],
  drift: ['a text or nothing', (given) => given === undefined || typeof given === 'string'],
  commentOfHandle: ['a text', isText],
  patience: ['{ forMs, everyMs }', isPatience],
}

function isObject(given: unknown): given is { readonly [field: string]: unknown } {
  return typeof given === 'object' && given !== null && !(given instanceof Promise)
}

/** As the journal has to be able to hold it. */
function isCommand(given: unknown): boolean {
  if (!isObject(given)) return false
  const { argv, stdin = '', timeoutMs = 0, okExits = [] } = given
  const words = Array.isArray(argv) && argv.length > 0 && argv.every((word) => typeof word === 'string')
  return words && typeof stdin === 'string' && Number.isFinite(timeoutMs) && [okExits].flat().every(Number.isInteger)
}

function isKeys(given: unknown): boolean {
  return Array.isArray(given) && given.every((key) => typeof key === 'string')
}

function isResources(given: unknown): boolean {
  return isObject(given) && [given['creates'], given['uses'], given['shares']].every((keys) => isKeys(keys ?? []))
}

function isPatience(given: unknown): boolean {
  return isObject(given) && Number.isFinite(given['forMs']) && Number.isFinite(given['everyMs'])
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isChanges(given: unknown): boolean {
  return Array.isArray(given) && given.every(isChange)
}

function isChange(given: unknown): boolean {
  return isObject(given) && isText(given['what']) && isText(given['to']) && isText(given['from'] ?? '')
}

function isCommands(given: unknown): boolean {
  return Array.isArray(given) && given.every(isCommand)
}

function isPlan(given: unknown): boolean {
  if (!isObject(given)) return false
  return typeof given['conflict'] === 'string' || (isCommands(given['apply']) && isCommands(given['undo']))
}

function isJson(given: unknown): boolean {
  try {
    return !(given instanceof Promise) && JSON.stringify(given) !== undefined
  } catch {
    return false
  }
}
