import { z } from 'zod'
import { counted } from './counted.ts'
import { givenWholly, withInputNote } from './input-note.ts'
import { isSecretInput, referenceMistake } from './inputs.ts'
import { mistakesOf } from './issues.ts'
import type { Json } from './json.ts'
import { pointerOf, type Hint, type Problem } from './problems.ts'
import { fill, scopeOf, templatesIn, type Placed } from './resolve.ts'
import type { Schema } from './schema.ts'
import type { Rounds, Site } from './site.ts'
import { keysOf } from './step-id.ts'
import { problemAt, type Block } from './workflow.ts'

/** How many steps a workflow has at most, where each is counted as often as it is done. */
const MAX_STEPS = 100_000

/** Finds the rounds of all blocks that have any; what is wrong with one is told, and it has none. */
export function findRounds(site: Site, problems: Problem[]): void {
  const repeated = site.draft.blocks.filter(({ isRepeated }) => isRepeated)
  let room = MAX_STEPS - (site.draft.blocks.length - repeated.length)
  for (const block of repeated) {
    const rounds = roundsOf(site, block, room, problems)
    if (rounds === undefined) continue
    room -= rounds.all.length * block.steps.length
    site.rounds.set(block, rounds)
  }
}

function roundsOf(site: Site, block: Block, room: number, problems: Problem[]): Rounds | undefined {
  const { templates, mistakes } = templatesIn(block.forEach)
  const add = adderFor(site, block, templates, problems)
  for (const { path, message } of mistakes) add(path, message)
  const isReady = templates.map((it) => isReadable(site, it, add)).every(Boolean)
  if (mistakes.length > 0 || !isReady) return undefined
  const filled = fill(block.forEach ?? null, templates, scopeOf({ ...site, outputs: () => undefined }))
  const value = block.forEach === undefined ? undefined : filled.value
  const result = repetition.safeParse(value)
  const issues = filled.mistakes.length > 0 || result.success ? [] : result.error.issues
  const found = [...filled.mistakes, ...mistakesOf(issues, value, repetition as Schema<unknown>)]
  for (const { path, message, hint } of found) add(path, message, hint, true)
  if (found.length > 0 || !result.success) return undefined
  return expectFew(block, lengthOf(result.data), room, add) ? roundsFor(valuesIn(result.data)) : undefined
}

const bound = z.int({ error: 'expected an integer' })

/** What `forEach` is when its expressions are filled in. */
const repetition = z.union([z.array(z.unknown()), z.strictObject({ from: bound, to: bound })], {
  error: ({ input }) =>
    typeof input === 'object' && input !== null ? undefined : 'expected a list, or a range { "from": 1, "to": 3 }',
})

type Repetition = z.infer<typeof repetition>

/** Tells of a mistake, `inValue` in what an expression gives. */
type Add = (path: readonly PropertyKey[], message: string, hint?: Hint, inValue?: boolean) => void

function adderFor(site: Site, block: Block, templates: readonly Placed[], problems: Problem[]): Add {
  const byPath = new Map(templates.map(({ path, template }) => [pointerOf(path), template]))
  return (path, message, hint, inValue) => {
    const pointer = pointerOf(path)
    const template = byPath.get(pointer)
    const by = inValue === true && template ? givenWholly(site, template) : undefined
    const noted = template && by === undefined ? withInputNote(site, template, hint) : hint
    problems.push(problemAt(site.draft.source, `${block.pointer}/forEach${pointer}`, message, noted, by))
  }
}

/** Says whether all that a text reads is known before the first step runs; what is not is told. */
function isReadable({ draft, facts, inputs }: Site, { path, template }: Placed, add: Add): boolean {
  for (const reference of template.references) {
    const [root, name = ''] = reference
    const mistake = referenceMistake(reference, draft, facts)
    if (root === 'steps') add(path, mistake!.message, 'how often steps are done is known before the first of them runs')
    else if (mistake) add(path, mistake.message, mistake.hint)
    else if (isSecretInput(draft, reference))
      add(path, `expected a list or range without the secret input "${name}": it tells in the ids of steps what it is`)
  }
  const isKnown = ([root, name = '']: readonly string[]): boolean => root === 'host' || Object.hasOwn(inputs, name)
  return template.references.every(
    (it) => referenceMistake(it, draft, facts) === undefined && !isSecretInput(draft, it) && isKnown(it),
  )
}

const lengthOf = (repeated: Repetition): number =>
  Array.isArray(repeated) ? repeated.length : Math.max(0, repeated.to - repeated.from + 1)

function expectFew({ steps }: Block, rounds: number, room: number, add: Add): boolean {
  const most = rounds * steps.length
  if (most <= room) return true
  const here = `${counted(steps.length, 'step')} in each of ${counted(rounds, 'round')}`
  add([], `expected at most ${MAX_STEPS} steps in all, got ${here}`, 'make several workflows of it')
  return false
}

const valuesIn = (repeated: Repetition): readonly Json[] =>
  Array.isArray(repeated)
    ? (repeated as readonly Json[])
    : Array.from({ length: lengthOf(repeated) }, (_, at) => repeated.from + at)

function roundsFor(values: readonly Json[]): Rounds {
  const keys = keysOf(values)
  return {
    all: values.map((each, index) => ({ each, index, key: keys[index]! })),
    byKey: new Map(keys.map((key, index) => [key, index])),
  }
}
