import { prepare, type Prepared } from '../../core/prepare.ts'
import { registryOf } from '../../core/registry.ts'
import { parseSource } from '../../core/source.ts'
import { draftOf } from '../../core/workflow.ts'
import type { Given } from '../../core/given.ts'
import { builtinSteps } from '../../library/builtin.ts'
import { context } from './given.ts'

const nothingGiven: Given = { texts: {}, values: {}, environment: {} }

/** Reads and checks a workflow as `nsnet validate` does. */
export async function prepared(
  text: string,
  given: Partial<Given> = {},
  path = '/lab.json',
  facts = context.facts,
): Promise<Prepared> {
  const draft = draftOf(await parseSource(text, path))
  return await prepare(draft, registryOf(builtinSteps), facts, { ...nothingGiven, ...given })
}

/** The mistakes that are told of a workflow, one line each. */
export async function mistakesIn(
  text: string,
  given: Partial<Given> = {},
  path = '/lab.json',
  facts = context.facts,
): Promise<readonly string[]> {
  try {
    await prepared(text, given, path, facts)
    return []
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string }
    if (code !== 'WORKFLOW_INVALID') throw error
    return message
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
  }
}
