import { dirname, resolve } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import { WORKFLOW } from '../core/nested.ts'
import { parseSource } from '../core/source.ts'
import { draftOf, problemAt, type Draft } from '../core/workflow.ts'
import { readText } from './read-text.ts'

/** How deep workflows may stand in each other. */
const DEEPEST = 8

/** How many workflows may stand in one, in all. */
const MOST = 200

/**
 * Reads the workflow files that steps stand for, and those in them. One that cannot be read is a mistake of the step.
 *
 * @throws WORKFLOW_INVALID when one is no JSON or YAML
 */
export async function withNested(draft: Draft): Promise<Draft> {
  return await nestedIn(draft, [draft.source.path], { left: MOST })
}

async function nestedIn(draft: Draft, path: readonly string[], room: { left: number }): Promise<Draft> {
  const nested = new Map<string, Draft>()
  const problems = [...draft.problems]
  for (const { uses, pointer, with: given } of draft.blocks.flatMap(({ steps }) => steps)) {
    if (uses !== WORKFLOW || typeof given['file'] !== 'string') continue
    const file = resolve(dirname(draft.source.path), given['file'])
    const tell = (message: string, hint?: string): void =>
      void problems.push(problemAt(draft.source, `${pointer}/with/file`, message, hint))
    if (path.includes(file)) tell(`expected no cycle, got ${[...path, file].join(' → ')}`)
    else if (path.length > DEEPEST) tell(`expected workflows in each other at most ${DEEPEST} deep, got more`)
    else if ((room.left -= 1) < 0) tell(`expected at most ${MOST} workflows in one, got more`)
    else {
      const inner = await read(file, tell)
      if (inner) nested.set(pointer, await nestedIn(inner, [...path, file], room))
    }
  }
  return { ...draft, nested, problems }
}

async function read(file: string, tell: (message: string, hint?: string) => void): Promise<Draft | undefined> {
  try {
    return draftOf(await parseSource(await readText(file), file))
  } catch (error) {
    if (!(error instanceof NsnetError) || error.code !== 'WORKFLOW_UNREADABLE') throw error
    tell(`expected a workflow file, ${error.message}`, error.hint)
    return undefined
  }
}

/** Lists a workflow and all that stand in it. */
export const allIn = (draft: Draft): readonly Draft[] => [draft, ...[...draft.nested.values()].flatMap(allIn)]
