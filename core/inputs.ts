import { fromText, mistakeInValue } from './input-value.ts'
import type { Json } from './json.ts'
import { didYouMean } from './near.ts'
import { giftFor, givenSecret, howGiven, howToSet, type Given } from './given.ts'
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
  const site: Site = { draft, given, facts, values: {}, problems: [], state: new Map() }
  for (const name of Object.keys(draft.inputs)) if (site.problems.length < ENOUGH) resolve(site, name, [])
  for (const name of [...Object.keys(given.texts), ...Object.keys(given.values)])
    if (!Object.hasOwn(draft.inputs, name)) tellStranger(site, name)
  return { values: site.values, problems: site.problems }
}

/** The inputs of a workflow, and how far their values are found. */
interface Site extends Inputs {
  readonly draft: Draft
  readonly given: Given
  readonly facts: Facts
  readonly values: { [name: string]: Json }
  readonly problems: Problem[]
  readonly state: Map<string, 'busy' | 'done'>
}

/** Tells a mistake of an input, which then has no value. */
function tell({ draft, given, problems }: Site, name: string, message: string, hint?: Hint, field = ''): undefined {
  const by = field === '' ? howGiven(given, name, draft.inputs[name]?.secret === true) : undefined
  problems.push(problemAt(draft.source, pointerOf(['inputs', name]) + field, message, hint, by))
}

function tellStranger({ draft, given, problems }: Site, name: string): void {
  const names = Object.keys(draft.inputs)
  const hint = (): string => didYouMean(name, names) ?? `the inputs are ${listed(names)}`
  const message = `expected an input to set, got "${name}"`
  problems.push(problemAt(draft.source, '/inputs', message, hint, howGiven(given, name, false)))
}

/** Finds the value of an input, and before it those of the inputs that it reads; `path` are those that read it. */
function resolve(site: Site, name: string, path: readonly string[]): void {
  const { draft, state, values } = site
  if (path.length > LONGEST_CHAIN)
    return tell(
      site,
      name,
      `expected defaults that lead to a value over at most ${LONGEST_CHAIN} other inputs, got more`,
    )
  if (state.get(name) === 'busy')
    tell(site, name, `expected defaults without a cycle, got ${[...path, name].join(' → ')}`)
  if (state.has(name)) return
  state.set(name, 'busy')
  const value = valueOf(site, name, draft.inputs[name]!, path)
  if (value !== undefined) values[name] = value
  state.set(name, 'done')
}

function valueOf(site: Site, name: string, spec: InputSpec, path: readonly string[]): Json | undefined {
  const { given } = site
  const { type = 'string', default: otherwise, secret } = spec ?? {}
  if (secret === true) return secretOf(site, name, spec)
  const gift = giftFor(given, name)
  if (otherwise !== undefined && gift) expectFitting(site, name, spec, otherwise as Json)
  if (gift) {
    const value = gift.among === 'values' ? gift.value : (fromText(gift.text, type) ?? gift.text)
    return checked(site, name, spec, value, '')
  }
  if (otherwise === undefined && given.mayLack?.(name) === true) return undefined
  if (otherwise === undefined)
    return tell(site, name, `expected a value for the input "${name}", got nothing`, howToSet(given, name, false))
  const value = fromDefault(site, name, otherwise as Json, path)
  return value === undefined ? value : checked(site, name, spec, value, '/default')
}

function checked(site: Site, name: string, spec: InputSpec, value: Json, field: string): Json | undefined {
  const { message, hint } = mistakeInValue(spec, value) ?? {}
  return message === undefined ? value : tell(site, name, message, hint, field)
}

/** A default that stands there as it is has to fit, also where it is not used. */
function expectFitting(site: Site, name: string, spec: InputSpec, value: Json): void {
  const { templates, mistakes } = templatesIn(value)
  if (templates.length + mistakes.length === 0) checked(site, name, spec, value, '/default')
}

function secretOf(site: Site, name: string, spec: InputSpec): string | undefined {
  const { draft, given, facts } = site
  const value = givenSecret(name, given)
  if (!giftFor(given, name) && given.mayLack?.(name) === true) return undefined
  const around = [draft.source.text, draft.source.path, facts.hostname]
  const missing = Object.hasOwn(given.values, name)
    ? `expected a text for the secret input "${name}", got something else`
    : `expected the secret input "${name}", got nothing`
  const mistake = value === undefined ? missing : undefined
  const message =
    mistake ?? mistakeInSecret(name, value!, around) ?? mistakeInValue({ ...spec, type: 'string' }, value!)?.message
  return message === undefined ? value : tell(site, name, message, howToSet(given, name, true))
}

/** Fills in a default, once the inputs that it reads have their values. */
function fromDefault(site: Site, name: string, tree: Json, path: readonly string[]): Json | undefined {
  const { draft, facts, values } = site
  const { templates, mistakes } = templatesIn(tree)
  const references = templates.flatMap(({ template }) => template.references)
  for (const [root, key = ''] of references)
    if (root === 'inputs' && Object.hasOwn(draft.inputs, key)) resolve(site, key, [...path, name])
  const wrong = [
    ...mistakes,
    ...references.flatMap((reference) => referenceMistake(reference, draft, facts) ?? []),
    ...references.filter((reference) => isSecretInput(draft, reference)).map(secretInDefault),
  ]
  for (const { message, hint } of wrong) tell(site, name, message, hint, '/default')
  const isKnown = references.every(([root, key = '']) => root !== 'inputs' || Object.hasOwn(values, key))
  if (wrong.length > 0 || !isKnown) return undefined
  const filled = fill(tree, templates, scopeOf({ inputs: values, facts, outputs: () => undefined }))
  for (const { message } of filled.mistakes) tell(site, name, message, undefined, '/default')
  return filled.mistakes.length > 0 ? undefined : filled.value
}

const secretInDefault = ([, key]: readonly string[]) => ({
  message: `expected a default without the secret input "${key}"`,
  hint: `use \${{ inputs.${key} }} in the steps themselves`,
})

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
