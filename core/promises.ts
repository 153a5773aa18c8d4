import { isPromise, notPlain } from './plain-json.ts'
import { isSketches } from './sketch.ts'

/** What a function of a step has to give: in words, whether it is that, and whether it is a state, which has to be plain JSON. */
export type Promised = readonly [what: string, keeps: (given: unknown) => boolean, isState?: true]

const SUCH_AS = 'such as "link:host/eth0"'

/** Says what came in place of what was promised, as `told` writes it; undefined when it is kept. */
export function breachOf(
  [what, keeps, isState]: Promised,
  given: unknown,
  told: (given: unknown) => string,
): string | undefined {
  const odd = isState && given !== undefined ? notPlain(given) : undefined
  return odd === undefined && keeps(given) ? undefined : `expected ${what}, got ${odd ?? told(given)}`
}

/** What a step's functions have to give: whatever else comes would break the engine later, where nobody knows why. */
export const promises: { readonly [name: string]: Promised } = {
  resources: [`an object of lists of keys ${SUCH_AS}`, isResources],
  probe: ['a command { argv: […] } or a list of them', (given) => [given].flat().every(isCommand)],
  observe: ['plain JSON', (given) => isJson(given), true],
  plan: ['{ apply: […], undo: […] } or { conflict: "…" }', isPlan],
  undo: ['a list of commands', isCommands],
  rest: [`a list of keys ${SUCH_AS}`, isKeys],
  indivisible: [`a list of keys ${SUCH_AS}`, isKeys],
  identity: ['plain JSON', (given) => isJson(given), true],
  outputs: ['plain JSON', (given) => isJson(given), true],
  moreOutputs: ['an object of plain JSON', (given) => isObject(given) && isJson(given), true],
  sketch: ['a list of sketches { draw: "…", … }', isSketches],
  mine: ['true or false', (given) => typeof given === 'boolean'],
  watches: [`a list of keys ${SUCH_AS}`, isKeys],
  outcome: ['plain JSON', (given) => isJson(given), true],
  foretell: ['plain JSON or nothing', (given) => given === undefined || isJson(given), true],
  changes: ['a list of { what, from, to }', isChanges],
  drift: ['a text or nothing', (given) => given === undefined || typeof given === 'string'],
  commentOfHandle: ['a text', isText],
  foreseeable: ['true or false', (given) => typeof given === 'boolean'],
  input: ['{ value } or { issues: […] }', isResult],
  patience: ['{ forMs, everyMs }', isPatience],
}

function isObject(given: unknown): given is { readonly [field: string]: unknown } {
  return typeof given === 'object' && given !== null && !isPromise(given)
}

/** Of a validator, which alone may let nsnet wait. @see https://standardschema.dev */
function isResult(given: unknown): boolean {
  if (isPromise(given)) return true
  if (!isObject(given)) return false
  const { issues } = given
  return issues === undefined ? 'value' in given : Array.isArray(issues) && issues.every(isIssue)
}

function isIssue(given: unknown): boolean {
  return isObject(given) && isText(given['message']) && (given['path'] === undefined || Array.isArray(given['path']))
}

/** As the journal has to be able to hold it. */
function isCommand(given: unknown): boolean {
  if (!isObject(given)) return false
  const { argv, stdin = '', timeoutMs = 0, okExits = [] } = given
  const words = Array.isArray(argv) && argv.length > 0 && argv[0] !== '' && argv.every(isWord)
  return words && typeof stdin === 'string' && Number.isFinite(timeoutMs) && [okExits].flat().every(Number.isInteger)
}

/** No argument of a process holds the character NUL. */
function isWord(word: unknown): boolean {
  return typeof word === 'string' && !word.includes('\0')
}

function isKeys(given: unknown): boolean {
  return Array.isArray(given) && given.every((key) => typeof key === 'string' && /^[a-z]\w*:/.test(key))
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

/** Says whether JSON can hold a value, more or less. */
export function isJson(given: unknown): boolean {
  try {
    return !isPromise(given) && JSON.stringify(given) !== undefined
  } catch {
    return false
  }
}
