import type { StepSpec } from '../../core/events.ts'
import type { Scope } from '../../core/expression-values.ts'
import { mistakesOf } from '../../core/issues.ts'
import type { Json } from '../../core/json.ts'
import { pointerOf } from '../../core/problems.ts'
import { fill, templatesIn, type Placed } from '../../core/resolve.ts'
import type { Step } from '../../core/step.ts'

/** Makes a value that stands in for an unknown one; each unknown thing has a number. */
export type StandIn = (number: number) => Json

/** What expressions read, with stand-ins for what is known only when the steps have run. */
export type ScopeWith = (standIn: StandIn) => Scope

/** Each is valid somewhere, and none is seen in earnest: 240/4 is reserved (RFC 1112), 100::/64 is discarded (RFC 6666). */
const standIns: readonly StandIn[] = [
  (number) => `_unknown${number}`,
  (number) => `240.0.${number % 256}.1/24`,
  (number) => `240.0.${number % 256}.1`,
  (number) => `240.0.${number % 256}.0/24`,
  (number) => `100::${((number % 9999) + 1).toString(16)}/64`,
  (number) => `100::${((number % 9999) + 1).toString(16)}`,
  () => '100::/64',
  () => '02:00:00:00:00:01',
  () => 1280,
  () => 1,
  () => true,
]

/** So often another stand-in is tried somewhere. */
const ROUNDS = 50

/**
 * Gives a step an input that is valid, with stand-ins where its expressions read what is not known yet; undefined when
 * there is none.
 */
export async function guessInput(spec: StepSpec, step: Step, scope: ScopeWith): Promise<unknown> {
  const { templates } = templatesIn(spec.with)
  const choice = templates.map(() => 0)
  for (let round = 0; round < ROUNDS; round += 1) {
    const { value, broken } = filledIn(spec.with, templates, (at) => scope(standIns[choice[at]!]!))
    const { issues = [], ...result } = await step.input['~standard'].validate(value)
    if (broken.length + issues.length === 0) return 'value' in result ? result.value : undefined
    const wrong = [...broken, ...mistakesOf(issues, value, step.input).map(({ path }) => pointerOf(path))]
    const related = templates.flatMap(({ path }, at) => (wrong.some((it) => isAround(it, pointerOf(path))) ? [at] : []))
    for (const at of related) choice[at]! += 1
    if (related.length === 0 || related.some((at) => choice[at] === standIns.length)) return undefined
  }
  return undefined
}

/** Writes `?` where a stand-in is; of several unknown names the second is `?1`. */
export const asUnknown = (text: string): string =>
  text
    .replace(/_unknown(\d+)/g, (_, number: string) => `?${number === '0' ? '' : number}`)
    .replace(/(?<![\w.:])(240\.0\.\d+\.\d+|100::[\da-f]*)(\/\d+)?(?![\w.])/g, '?')

function filledIn(
  tree: Json,
  templates: readonly Placed[],
  scopeAt: (at: number) => Scope,
): { readonly value: Json; readonly broken: readonly string[] } {
  const filled = templates.map((placed, at) => ({
    pointer: pointerOf(placed.path),
    ...fill('', [{ ...placed, path: [] }], scopeAt(at)),
  }))
  return {
    value: copyWith(tree, new Map(filled.map(({ pointer, value }) => [pointer, value])), ''),
    broken: filled.flatMap(({ pointer, mistakes }) => (mistakes.length > 0 ? [pointer] : [])),
  }
}

const isAround = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)

/** Copies a tree, with other values at some places; `at` is the JSON pointer of the tree. */
function copyWith(tree: Json, values: ReadonlyMap<string, Json>, at: string): Json {
  const value = values.get(at)
  if (value !== undefined) return value
  if (Array.isArray(tree)) return tree.map((item: Json, index) => copyWith(item, values, `${at}/${index}`))
  if (typeof tree !== 'object' || tree === null) return tree
  const entries = Object.entries(tree).map(([key, item]) => [
    key,
    copyWith(item as Json, values, at + pointerOf([key])),
  ])
  return Object.fromEntries(entries) as Json
}
