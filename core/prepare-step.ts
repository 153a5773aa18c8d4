import type { Place, StepSpec } from './events.ts'
import { parseTemplate } from './expression.ts'
import { givenWholly, withInputNote } from './input-note.ts'
import { mistakesOf, type Mistake } from './issues.ts'
import { didYouMean } from './near.ts'
import { got, listed, pointerOf, withNotes, type Problem } from './problems.ts'
import { fill, fillWith, literalAt, templatesIn, type Filled, type Placed } from './resolve.ts'
import type { KeyedRound, Site, StepPlace, StepScope } from './site.ts'
import { roundId } from './step-id.ts'
import type { Step } from './step.ts'
import { checkFlow, idsInRound, type FlowOf } from './step-flow.ts'
import { isKnown, isSecret, soundReferences, type Add } from './step-references.ts'
import { problemAt } from './workflow.ts'

/** A step of the file, of which all is checked that is the same in each round. */
export interface CheckedStep {
  readonly place: StepPlace
  readonly at: Place
  readonly type: Step | undefined
  /** What can be filled in now. */
  readonly ready: readonly Placed[]
  /** What is written anew for each round, to be filled in when earlier steps have run. */
  readonly later: readonly Placed[]
  /** Says whether a mistake at a path may come from what is not filled in. */
  readonly isUnsure: (path: readonly PropertyKey[]) => boolean
  readonly tell: Add
  readonly flow: FlowOf
  /** The places of which a mistake was told, and in how many rounds there was any: what is wrong in one may be so in all. */
  readonly told: { readonly places: Set<string>; rounds: number }
}

/** In how many rounds mistakes are looked for when there are some in each. */
const ENOUGH_ROUNDS = 100

/** Checks all of a step that does not depend on a round. */
export function checkStep(site: Site, place: StepPlace, problems: Problem[]): CheckedStep {
  const { step, block } = place
  const { source } = site.draft
  const pointerTo = (path: readonly PropertyKey[]): string => pointerIn(step, path)
  const tell: Add = (path, ...wrong) => void problems.push(problemAt(source, pointerTo(path), ...wrong))
  const { templates, mistakes } = templatesIn(step.with)
  for (const { path, message } of mistakes) tell(path, message)
  const isSound = ({ path, template }: Placed): boolean =>
    soundReferences(site, place, template, pointerTo(path), (...wrong) => tell(path, ...wrong))
  const sound = new Set(templates.filter(isSound))
  if (templates.some(({ template }) => template.references.some((it) => isSecret(site, it)))) site.secretive.add(step)
  const isReady = (it: Placed): boolean => sound.has(it) && it.template.references.every((name) => isKnown(site, name))
  const unsure = templates.filter((it) => !isReady(it))
  return {
    place,
    at: { ...source.at(step.pointer), pointer: step.pointer },
    type: typeOf(site, place, problems),
    ready: templates.filter(isReady),
    later: block.isRepeated ? unsure.filter((it) => sound.has(it)) : [],
    isUnsure: relatedTo([...mistakes, ...unsure], () => false),
    tell,
    flow: checkFlow(site, place, problems),
    told: { places: new Set(), rounds: 0 },
  }
}

/** Finds where a part of what a step is given stands: what comes from defaults, stands there. */
function pointerIn({ pointer, origins = {} }: StepPlace['step'], path: readonly PropertyKey[]): string {
  const [field = '', ...rest] = path
  const origin = typeof field === 'string' && Object.hasOwn(origins, field) ? origins[field] : undefined
  return origin === undefined ? `${pointer}/with${pointerOf(path)}` : origin + pointerOf(rest)
}

function typeOf({ draft, registry }: Site, { step }: StepPlace, problems: Problem[]): Step | undefined {
  const type = registry.stepOf(step.uses)
  const hint = (): string =>
    didYouMean(step.uses, registry.types) ?? `there are ${listed(registry.types)}; nsnet steps explains them`
  if (!type)
    problems.push(problemAt(draft.source, `${step.pointer}/uses`, `expected a step type, got "${step.uses}"`, hint))
  return type
}

/** Makes the step of one round, or the only one; what is wrong with it is told where nothing was told before. */
export async function specFor(site: Site, step: CheckedStep, scope: StepScope): Promise<StepSpec> {
  const { place, at, ready, type, isUnsure } = step
  const { id, uses, name, with: given } = place.step
  const fullId = scope.round === undefined ? id : roundId(id, scope.round.key)
  const head = { id: fullId, uses, ...(name === undefined ? {} : { name }) }
  const flow = step.flow(scope)
  if (step.told.rounds >= ENOUGH_ROUNDS) return { ...head, with: given, at, ...flow }
  const now = fill(given, ready, scope)
  const { value, mistakes } = scope.round && step.later.length > 0 ? inRound(site, step, now, scope.round) : now
  const mistaken = mistakes.length === 0 ? isUnsure : relatedTo(mistakes, isUnsure)
  const { issues = [] } = type ? await type.input['~standard'].validate(value) : {}
  const found = issues.length === 0 ? [] : mistakesOf(issues, value, type!.input).filter(({ path }) => !mistaken(path))
  if (mistakes.length + found.length > 0) tellAll(site, step, scope.round, [...mistakes, ...found])
  return { ...head, with: literalAt(value, ready), at, ...flow }
}

/** Writes for a round what is filled in later; where it reads `each`, that may have come to what is no expression. */
function inRound(site: Site, { place, later }: CheckedStep, { value, mistakes }: Filled, round: KeyedRound) {
  const fullId = idsInRound(site, place, round)
  const written = fillWith(value, later, (template) => {
    const text = template.moved({ round, fullId })
    if (template.references.some(([root]) => root === 'each')) parseTemplate(text)
    return text
  })
  return { value: written.value, mistakes: [...mistakes, ...written.mistakes] }
}

function tellAll(
  site: Site,
  { place, ready, told, tell }: CheckedStep,
  round: KeyedRound | undefined,
  mistakes: readonly Mistake[],
): void {
  told.rounds += 1
  for (const { path, message, hint } of mistakes) {
    const pointer = pointerOf(path)
    if (round && told.places.has(pointer)) continue
    told.places.add(pointer)
    const template = ready.find((it) => pointerOf(it.path) === pointer)?.template
    const note = round ? [`in ${roundId(place.step.id, round.key)} each is ${got(round.each)}`] : []
    const by = template && givenWholly(site, template)
    const noted = template && by === undefined ? withInputNote(site, template, hint) : hint
    tell(path, message, withNotes(noted, note), by)
  }
}

/** Says whether what stands at one of some places can change what is found at a path: one is around the other. */
function relatedTo(
  places: readonly { readonly path: readonly PropertyKey[] }[],
  otherwise: (path: readonly PropertyKey[]) => boolean,
): (path: readonly PropertyKey[]) => boolean {
  const there = new Set(places.map(({ path }) => pointerOf(path)))
  const around = new Set(places.flatMap(({ path }) => pointersAround(path)))
  return (path) =>
    around.has(pointerOf(path)) || pointersAround(path).some((pointer) => there.has(pointer)) || otherwise(path)
}

const pointersAround = (path: readonly PropertyKey[]): readonly string[] =>
  [...path, ''].map((_, length) => pointerOf(path.slice(0, length)))
