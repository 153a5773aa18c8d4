import type { StepSpec } from './events.ts'
import { parseTemplate, type Template } from './expression.ts'
import type { Json } from './json.ts'
import { got, type Hint, type Problem } from './problems.ts'
import { piecesOf } from './template-text.ts'
import type { KeyedRound, Site, StepPlace, StepScope } from './site.ts'
import { roundId } from './step-id.ts'
import { isKnown, needMistake, soundReferences } from './step-references.ts'
import { problemAt } from './workflow.ts'

/** When and how often a step is taken, as the journal has it. */
export type FlowSpec = Pick<StepSpec, 'needs' | 'if' | 'retry' | 'timeoutMs' | 'onFailure' | 'finally'>

/** Makes of a step's flow what it is in one round, or in the only one. */
export type FlowOf = (scope: StepScope) => FlowSpec

/** Checks all of a step's flow that does not depend on a round. */
export function checkFlow(site: Site, place: StepPlace, problems: Problem[]): FlowOf {
  const { step, block } = place
  const { retry, timeout, onFailure, needs = [] } = step.flow
  const told = new Set<string>()
  const tell = (pointer: string, message: string, hint?: Hint): void => {
    if (told.has(pointer + message)) return
    told.add(pointer + message)
    problems.push(problemAt(site.draft.source, pointer, message, hint))
  }
  const conditions = [
    conditionAt(site, place, `${block.pointer}/if`, block.if, tell),
    conditionAt(site, place, `${step.pointer}/if`, step.flow.if, tell),
  ]
  for (const [at, id] of needs.entries()) {
    const pointer = `${step.pointer}/needs/${at}`
    const wrong = needMistake(site, place, id, pointer)
    if (wrong) tell(pointer, wrong.message, wrong.hint)
  }
  const same = {
    ...(retry && { retry: retryOf(retry) }),
    ...(timeout === undefined ? {} : { timeoutMs: Math.round(timeout * 1000) }),
    ...(onFailure === 'continue' ? { onFailure } : {}),
    ...(block.finally ? { finally: true } : {}),
  }
  return (scope) => ({
    ...(needs.length === 0 ? {} : { needs: needs.flatMap((id) => idsOf(site, place, id, scope.round)) }),
    ...allOf(conditions.map((it) => it(scope))),
    ...same,
  })
}

const retryOf = ({ times, delay, factor, on }: NonNullable<StepPlace['step']['flow']['retry']>) => ({
  times,
  delayMs: Math.round(delay * 1000),
  factor,
  ...(on && { on }),
})

type Tell = (pointer: string, message: string, hint?: Hint) => void

type ConditionOf = (scope: StepScope) => boolean | string

const always: ConditionOf = () => true

/** Checks a condition: what can be told of it now is true or false, the rest stays an expression. */
function conditionAt(site: Site, place: StepPlace, pointer: string, given: Json | undefined, tell: Tell): ConditionOf {
  if (typeof given === 'boolean') return () => given
  if (typeof given !== 'string') return always
  const template = read(given, pointer, tell)
  if (!template || !soundReferences(site, place, template, pointer, (...wrong) => tell(pointer, ...wrong)))
    return always
  const isReady = template.references.every((name) => isKnown(site, name))
  return (scope) => {
    try {
      if (!isReady)
        return scope.round
          ? template.moved({ round: scope.round, fullId: idsInRound(site, place, scope.round) })
          : given
      const value = template.evaluate(scope)
      if (typeof value === 'boolean') return value
      tell(
        pointer,
        `expected a condition that is true or false, got ${got(value)}`,
        'compare it: ${{ inputs.NAME == "a" }}',
      )
    } catch (error) {
      tell(pointer, (error as Error).message)
    }
    return true
  }
}

function read(text: string, pointer: string, tell: Tell): Template | undefined {
  try {
    const template = parseTemplate(text.trim())
    if ([...piecesOf(text.trim())].length === 1) return template
    tell(pointer, 'expected one expression and nothing around it', 'write ${{ a && b }}')
  } catch (error) {
    tell(pointer, (error as Error).message)
  }
  return undefined
}

/** Gives the ids that the steps around a step have in a round; undefined for others. */
export const idsInRound =
  ({ places }: Site, { block }: StepPlace, round: KeyedRound) =>
  (id: string): string | undefined =>
    places.get(id)?.block === block ? roundId(id, round.key) : undefined

/** Says several conditions in one. */
export function allOf(conditions: readonly (boolean | string)[]): Pick<FlowSpec, 'if'> {
  if (conditions.includes(false)) return { if: false }
  const texts = conditions.filter((it) => typeof it === 'string').map((text) => text.trim())
  if (texts.length < 2) return texts[0] === undefined ? {} : { if: texts[0] }
  return { if: `\${{ ${texts.map((text) => `(${text.slice(3, -2).trim()})`).join(' && ')} }}` }
}

/** Names what a step needs: of a step of another group with rounds all of these, of one of its own the same round. */
function idsOf(
  { places, rounds }: Site,
  { block }: StepPlace,
  id: string,
  round: KeyedRound | undefined,
): readonly string[] {
  const other = places.get(id)
  if (!other?.block.isRepeated) return [id]
  if (other.block === block) return round ? [roundId(id, round.key)] : []
  return (rounds.get(other.block)?.all ?? []).map(({ key }) => roundId(id, key))
}
