import type { Template } from './expression.ts'
import { isSecretInput, referenceMistake } from './inputs.ts'
import { didYouMean } from './near.ts'
import { listed, type Hint } from './problems.ts'
import type { Site, StepPlace } from './site.ts'
import { partsOfId, roundId } from './step-id.ts'

/** Tells of a mistake at a place of what a step is given. */
export type Add = (path: readonly PropertyKey[], message: string, hint?: Hint, by?: string) => void

interface Wrong {
  readonly message: string
  readonly hint?: Hint
}

/** Checks the names that a text at `pointer` reads; a reference to a later step is noted and told at the end. */
export function soundReferences(
  site: Site,
  place: StepPlace,
  template: Template,
  pointer: string,
  add: (message: string, hint?: Hint) => void,
): boolean {
  const wrong = template.references.flatMap((reference) => {
    const [root] = reference
    if (root === 'steps') return outputMistake(site, place, reference, pointer) ?? []
    const isOfRound = place.block.isRepeated && (root === 'each' || root === 'index')
    return isOfRound ? [] : (referenceMistake(reference, site.draft, site.facts) ?? [])
  })
  for (const { message, hint } of wrong) add(message, hint)
  const used = wrong.length > 0 ? undefined : template.used.find((it) => isSecret(site, it))
  if (used) add(`expected ${used.join('.')} by itself: what is made of a secret could not be hidden`)
  return wrong.length === 0 && used === undefined
}

/** Says whether what is read is known before anything runs. */
export const isKnown = ({ inputs }: Site, [root, key = '']: readonly string[]): boolean =>
  root === 'inputs' ? Object.hasOwn(inputs, key) : root !== 'steps'

/** Says what is wrong with a step that another one needs; a later one is noted and told at the end. */
export function needMistake(site: Site, from: StepPlace, id: string, pointer: string): Wrong | undefined {
  const all = site.places.get(id)
  const found = all ? { place: all } : stepNamed(site, from, id, (known) => `"${known}"`)
  if ('message' in found) return found
  const { place, round } = found
  if (isLater(from, place, round)) site.edges.push({ from: idOf(site, from, round), to: id, pointer })
  return undefined
}

/** Says whether a secret may stand in what is read. */
export function isSecret({ draft, places, secretive }: Site, reference: readonly string[]): boolean {
  const [root, id = ''] = reference
  if (root !== 'steps') return isSecretInput(draft, reference)
  const place = places.get(partsOfId(id)?.id ?? id)
  return place !== undefined && secretive.has(place.step)
}

function outputMistake(
  site: Site,
  from: StepPlace,
  [, id, field, output]: readonly string[],
  pointer: string,
): Wrong | undefined {
  if (id === undefined || field !== 'outputs' || output === undefined) {
    const got = [id, field, output].filter(Boolean).map((it) => `.${it}`)
    return { message: `expected steps.ID.outputs.NAME, got steps${got.join('')}` }
  }
  const found = stepNamed(site, from, id, (known) => `steps["${known}"]`)
  if ('message' in found) return found
  const { place, round } = found
  if (isLater(from, place, round)) site.edges.push({ from: idOf(site, from, round), to: id, pointer })
  const type = site.registry.stepOf(place.step.uses)
  const inner = site.draft.nested.get(place.step.pointer)
  const names = Object.keys(inner?.outputs ?? type?.outputs ?? {})
  if (!type || names.includes(output)) return undefined
  const hint = (): string => didYouMean(output, names) ?? `it has ${listed(names)}`
  return { message: `expected an output of step "${id}" (${place.step.uses}), got "${output}"`, hint }
}

/** A step that is named, and the number of its round where that is named too. */
interface Found {
  readonly place: StepPlace
  readonly round?: number
}

/** Finds the step or round that is named; `written` is how the name of a round is written there. */
function stepNamed(
  { places, rounds }: Site,
  { block }: StepPlace,
  id: string,
  written: (id: string) => string,
): Found | Wrong {
  const place = places.get(id)
  if (place && (!place.block.isRepeated || place.block === block)) return { place }
  const parts = partsOfId(id)
  const repeated = place ?? (parts && places.get(parts.id))
  if (!repeated?.block.isRepeated)
    return { message: `expected the id of a step, got "${id}"`, hint: () => didYouMean(id, [...places.keys()]) }
  const known = rounds.get(repeated.block)
  const round = parts && known?.byKey.get(parts.key)
  if (parts && (round !== undefined || known === undefined)) return { place: repeated, round: round ?? 0 }
  const ids = (): readonly string[] => [...(known?.byKey.keys() ?? [])].map((key) => roundId(repeated.step.id, key))
  return {
    message: `expected a round of step "${repeated.step.id}", got "${id}"`,
    hint: () => (ids().length === 0 ? 'it is never done' : `write ${written(ids()[0]!)}; there are ${listed(ids())}`),
  }
}

/** A round that is named comes later than the first one, unless it is that: then the order in the file decides. */
const isLater = (from: StepPlace, to: StepPlace, round: number | undefined): boolean =>
  to.order >= from.order || (to.block === from.block && (round ?? 0) > 0)

/** Names the first step that reads a round, where it reads one, else the step as the file does. */
function idOf({ rounds }: Site, { step, block }: StepPlace, round: number | undefined): string {
  const first = round === undefined ? undefined : rounds.get(block)?.all[0]
  return first ? roundId(step.id, first.key) : step.id
}
