import { fromText, mistakeInValue } from './input-value.ts'
import type { Json } from './json.ts'
import { didYouMean } from './near.ts'
import { giftFor, givenSecret, howGiven, howToGive, howToSet, type Given } from './given.ts'
import { ENOUGH, listed, pointerOf, type Hint, type Problem } from './problems.ts'
import { fill, scopeOf, templatesIn } from './resolve.ts'
import { mistakeInSecret } from './secret.ts'
import type { Facts } from './step.ts'
import type { InputSpec } from './workflow-format.ts'
import { problemAt, type Draft } from './workflow.ts'

/** Over how many other inputs a default may lead to its value. */
const LONGEST_CHAIN = 100

export interface Inputs {
  /** Inputs that have a value; one with a mistake has none. */
  readonly values: { readonly [name: string]: Json }
  readonly problems: readonly Problem[]
}

/** Finds the value of each input: what is given, else its default, which may read the host and other inputs. */
export function resolveInputs(draft: Draft, given: Given, facts: Facts): Inputs {
  const values: Record<string, Json> = {}
  const problems: Problem[] = []
  const state = new Map<string, 'busy' | 'done'>()
  const add = (name: string, message: string, hint?: Hint, field = ''): void => {
    const by = field === '' ? howGiven(given, name, draft.inputs[name]?.secret === true) : undefined
    problems.push(problemAt(draft.source, pointerOf(['inputs', name]) + field, message, hint, by))
  }

  const resolve = (name: string, path: readonly string[]): void => {
    if (path.length > LONGEST_CHAIN)
      return add(name, `expected defaults that lead to a value over at most ${LONGEST_CHAIN} other inputs, got more`)
    if (state.get(name) === 'busy') add(name, `expected defaults without a cycle, got ${[...path, name].join(' → ')}`)
    if (state.has(name)) return
    state.set(name, 'busy')
    const value = valueOf(name, draft.inputs[name]!, path)
    if (value !== undefined) values[name] = value
    state.set(name, 'done')
  }

  const valueOf = (name: string, spec: InputSpec, path: readonly string[]): Json | undefined => {
    const { type = 'string', default: otherwise, secret } = spec ?? {}
    if (secret === true) return secretOf(name, spec)
    const checked = (value: Json, field: string): Json | undefined => {
      const { message, hint } = mistakeInValue(spec, value) ?? {}
      return message === undefined ? value : (add(name, message, hint, field) as undefined)
    }
    const gift = giftFor(given, name)
    if (otherwise !== undefined && gift) expectFitting(name, spec, otherwise as Json)
    if (gift) return checked(gift.among === 'values' ? gift.value : (fromText(gift.text, type) ?? gift.text), '')
    if (otherwise === undefined && given.mayLack?.(name) === true) return undefined
    if (otherwise === undefined)
      return add(name, `expected a value for the input "${name}", got nothing`, howToSet(name, false)) as undefined
    const value = fromDefault(name, otherwise as Json, path)
    return value === undefined ? value : checked(value, '/default')
  }

  /** A default that stands there as it is has to fit, also where it is not used. */
  const expectFitting = (name: string, spec: InputSpec, value: Json): void => {
    const { templates, mistakes } = templatesIn(value)
    const { message, hint } = templates.length + mistakes.length > 0 ? {} : (mistakeInValue(spec, value) ?? {})
    if (message !== undefined) add(name, message, hint, '/default')
  }

  const secretOf = (name: string, spec: InputSpec): string | undefined => {
    const value = givenSecret(name, given)
    if (!giftFor(given, name) && given.mayLack?.(name) === true) return undefined
    const around = [draft.source.text, draft.source.path, facts.hostname]
    const missing = Object.hasOwn(given.values, name)
      ? `expected a text for the secret input "${name}", got something else`
      : `expected the secret input "${name}", got nothing`
    const mistake = value === undefined ? missing : undefined
    const message =
      mistake ?? mistakeInSecret(name, value!, around) ?? mistakeInValue({ ...spec, type: 'string' }, value!)?.message
    return message === undefined ? value : (add(name, message, howToGive([name])) as undefined)
  }

  const fromDefault = (name: string, tree: Json, path: readonly string[]): Json | undefined => {
    const { templates, mistakes } = templatesIn(tree)
    for (const { message } of mistakes) add(name, message, undefined, '/default')
    const references = templates.flatMap(({ template }) => template.references)
    for (const [root, key = ''] of references) {
      if (root === 'inputs' && Object.hasOwn(draft.inputs, key)) resolve(key, [...path, name])
    }
    const secret = references
      .filter((it) => isSecretInput(draft, it))
      .map(([, key]) => ({
        message: `expected a default without the secret input "${key}"`,
        hint: `use \${{ inputs.${key} }} in the steps themselves`,
      }))
    const wrong = references.flatMap((reference) => referenceMistake(reference, draft, facts) ?? []).concat(secret)
    for (const { message, hint } of wrong) add(name, message, hint, '/default')
    const known = references.every(([root, key = '']) => root !== 'inputs' || Object.hasOwn(values, key))
    if (mistakes.length + wrong.length > 0 || !known) return undefined
    const filled = fill(tree, templates, scopeOf({ inputs: values, facts, outputs: () => undefined }))
    for (const { message } of filled.mistakes) add(name, message, undefined, '/default')
    return filled.mistakes.length > 0 ? undefined : filled.value
  }

  for (const name of Object.keys(draft.inputs)) if (problems.length < ENOUGH) resolve(name, [])
  for (const name of [...Object.keys(given.texts), ...Object.keys(given.values)]) {
    if (Object.hasOwn(draft.inputs, name)) continue
    const names = Object.keys(draft.inputs)
    const hint = (): string => didYouMean(name, names) ?? `the inputs are ${listed(names)}`
    const message = `expected an input to set, got "${name}"`
    problems.push(problemAt(draft.source, '/inputs', message, hint, howGiven(given, name, false)))
  }
  return { values, problems }
}

/** Says whether what is read is a secret input. */
export const isSecretInput = ({ inputs }: Pick<Draft, 'inputs'>, [root, key = '']: readonly string[]): boolean =>
  root === 'inputs' && Object.hasOwn(inputs, key) && inputs[key]?.secret === true

/** Says what is wrong with a name that is read from `inputs` or `host`; undefined when nothing is. */
export function referenceMistake(
  [root, key]: readonly string[],
  { inputs }: Pick<Draft, 'inputs'>,
  facts: Facts,
): { readonly message: string; readonly hint?: Hint } | undefined {
  const there = root === 'inputs' ? inputs : facts
  if (root === 'each' || root === 'index')
    return { message: `expected inputs.* or host.* here, got ${root}`, hint: 'a step or group with "forEach" has it' }
  if (root === 'steps') return { message: 'expected inputs.* or host.* here, got steps.*' }
  if (key === undefined) return { message: `expected ${root}.NAME, got ${root}` }
  if (!Object.hasOwn(there, key)) {
    const hint = (): string => didYouMean(key, Object.keys(there)) ?? `there are ${listed(Object.keys(there))}`
    return { message: `expected a name that ${root} has, got ${root}.${key}`, hint }
  }
  if (root === 'host' && key === 'uplink' && facts.uplink === '') {
    const hint = 'the host has no default route; set the input that uses it: --set uplink=LINK'
    return { message: 'expected a host with an uplink, found no default route', hint }
  }
  return undefined
}
