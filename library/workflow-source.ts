import { resolve } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import { inWords } from '../core/guard.ts'
import { objectIn } from '../core/place-in.ts'
import { got } from '../core/problems.ts'
import type { WorkflowObject } from './options.ts'
import { readText } from './read-text.ts'
import type { RunSource } from './ready-run.ts'

/** Refuses what is neither a path nor an object. @throws USAGE */
export function expectWorkflow(workflow: unknown): void {
  if (typeof workflow === 'string' || (typeof workflow === 'object' && workflow !== null)) return
  const message = `expected the path of a workflow file, or a workflow as an object, got ${got(workflow)}`
  throw new NsnetError('USAGE', message, "such as: start('lab.json', { sandbox: true })")
}

/**
 * Reads the workflow that a program gives: of a file, or as an object, whose relative paths count from the working directory.
 *
 * @throws WORKFLOW_UNREADABLE, WORKFLOW_INVALID
 */
export async function sourceOf(workflow: string | WorkflowObject): Promise<Pick<RunSource, 'path' | 'text'>> {
  if (typeof workflow !== 'string') return { path: objectIn(process.cwd()), text: textOf(workflow) }
  const path = resolve(workflow)
  return { path, text: await readText(path) }
}

function textOf(workflow: WorkflowObject): string {
  let text: string | undefined
  try {
    text = JSON.stringify(workflow, null, 2)
  } catch (error) {
    throw noWorkflow(`one that JSON cannot hold: ${inWords(error)}`, error)
  }
  if (text === undefined) throw noWorkflow(typeof workflow)
  return text
}

function noWorkflow(what: string, cause?: unknown): NsnetError {
  const message = `expected the path of a workflow file, or a workflow as JSON has it, got ${what}`
  return new NsnetError('WORKFLOW_INVALID', message, undefined, { cause })
}
