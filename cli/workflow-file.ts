import { resolve } from 'node:path'
import type { Place } from '../library/place.ts'
import { readText } from '../library/read-text.ts'
import { readyRun, type ReadyRun } from '../library/ready-run.ts'
import { expectNoSecretInArgv, givenBy, type InputOptions } from './given.ts'
import { usableParent } from './traceparent.ts'

/** How a run is asked for. */
export interface ReadOptions extends InputOptions {
  /** Id of the run; a new one when it is absent. */
  readonly id?: string
  /** Inputs may lack a value: the file is looked at, and not run. */
  readonly mayLack?: boolean
  /** It is to run now: links that its inputs name have to be there. */
  readonly now?: boolean
}

/**
 * Reads a workflow file, its plugins and the facts of the host, and checks everything.
 *
 * @throws WORKFLOW_UNREADABLE, WORKFLOW_INVALID, PLUGIN_INVALID, USAGE
 */
export async function readWorkflow(file: string, options: ReadOptions, place: Place): Promise<ReadyRun> {
  const path = resolve(file)
  const [text, facts, all] = await Promise.all([readText(path), place.facts(), givenBy(options)])
  const given = options.mayLack === true ? { ...all, mayLack: () => true } : all
  const traceparent = usableParent(process.env['TRACEPARENT'])
  return await readyRun({
    path,
    text,
    facts,
    given,
    steps: [],
    id: options.id,
    traceparent,
    links: options.now === true ? place.links() : undefined,
    check: expectNoSecretInArgv,
  })
}
