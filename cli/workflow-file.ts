import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import type { Exec } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import type { Given } from '../core/inputs.ts'
import type { Json } from '../core/json.ts'
import { prepare } from '../core/prepare.ts'
import type { Registry } from '../core/registry.ts'
import { parseSource } from '../core/source.ts'
import { draftOf } from '../core/workflow.ts'
import { newRunId } from '../journal/store.ts'
import { readFacts } from './facts.ts'
import { pluginPaths, registryWith } from './plugins.ts'

/** How inputs are given on the command line. */
export interface InputOptions {
  /** `NAME=VALUE` each. */
  readonly set: readonly string[]
  /** A JSON or YAML file with an object of values. */
  readonly setFile?: string
}

export interface ReadyRun {
  readonly started: RunStarted
  readonly registry: Registry
}

/**
 * Reads a workflow file, its plugins and the facts of the host, and checks everything.
 *
 * @throws WORKFLOW_UNREADABLE, WORKFLOW_INVALID, PLUGIN_INVALID, USAGE
 */
export async function readWorkflow(file: string, options: InputOptions, exec: Exec): Promise<ReadyRun> {
  const path = resolve(file)
  const [source, facts, given] = await Promise.all([read(path), readFacts(exec), givenBy(options)])
  const draft = draftOf(source)
  const plugins = pluginPaths(path, draft.plugins)
  const registry = await registryWith(plugins)
  const { inputs, steps } = await prepare(draft, registry, facts, given)
  const hash = createHash('sha256').update(source.text).digest('hex')
  const workflow = { name: draft.name, path, text: source.text, hash }
  const run = newRunId()
  return {
    registry,
    started: { type: 'RunStarted', run, nsnet: packageJson.version, workflow, inputs, facts, plugins, steps },
  }
}

const read = async (path: string) => await parseSource(await textOf(path), path)

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new NsnetError('WORKFLOW_UNREADABLE', `cannot read ${path}: ${(error as Error).message}`)
  }
}

async function givenBy({ set, setFile }: InputOptions): Promise<Given> {
  const texts = Object.fromEntries(set.map(assignment))
  const values = setFile === undefined ? {} : (await read(resolve(setFile))).value
  if (typeof values === 'object' && values !== null && !Array.isArray(values))
    return { texts, values: values as Record<string, Json> }
  throw new NsnetError('USAGE', `expected --set-file with an object of values, got ${JSON.stringify(values)}`)
}

function assignment(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new NsnetError('USAGE', `expected --set NAME=VALUE, got "${text}"`)
}
