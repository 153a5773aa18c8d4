import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import type { Exec } from '../core/command.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { expectMuch, MUCH } from '../core/heap.ts'
import type { Given } from '../core/inputs.ts'
import { prepare } from '../core/prepare.ts'
import type { Registry } from '../core/registry.ts'
import { checkOf } from '../core/secret-check.ts'
import { noSecrets, secretsOf, type Secrets } from '../core/secret.ts'
import { parseSource } from '../core/source.ts'
import { draftOf } from '../core/workflow.ts'
import { newRunId } from '../journal/store.ts'
import { readFacts } from '../library/facts.ts'
import { expectNoSecretInArgv, givenBy, type InputOptions } from './given.ts'
import { pluginPaths, registryWith } from '../library/plugins.ts'
import { withNested } from '../library/nested-files.ts'
import { readText } from '../library/read-text.ts'
import { usableParent } from './traceparent.ts'

export interface ReadyRun {
  /** With markers in place of secrets. */
  readonly started: RunStarted
  readonly registry: Registry
  readonly secrets: Secrets
  readonly given: Given
}

export interface ReadOptions extends InputOptions {
  /** Id of the run; a new one when it is absent. */
  readonly id?: string
}

/**
 * Reads a workflow file, its plugins and the facts of the host, and checks everything.
 *
 * @throws WORKFLOW_UNREADABLE, WORKFLOW_INVALID, PLUGIN_INVALID, USAGE
 */
export async function readWorkflow(file: string, options: ReadOptions, exec: Exec): Promise<ReadyRun> {
  const path = resolve(file)
  const [text, facts, given] = await Promise.all([readText(path), readFacts(exec), givenBy(options)])
  if (text.length > MUCH / 4) expectMuch()
  const source = await parseSource(text, path)
  const draft = await withNested(draftOf(source))
  expectNoSecretInArgv(draft, given)
  const plugins = await pluginPaths(source, draft.plugins)
  const registry = await registryWith(plugins, source)
  const { inputs, steps, outputs, secrets } = await prepare(draft, registry, facts, given)
  if (steps.length > 1000) expectMuch()
  const hash = createHash('sha256').update(source.text).digest('hex')
  const workflow = { name: draft.name, path, text: source.text, hash }
  const head = {
    type: 'RunStarted',
    run: expectRunId(options.id ?? newRunId()),
    nsnet: packageJson.version,
    workflow,
    inputs,
  } as const
  const traceparent = usableParent(process.env['TRACEPARENT'])
  const rest = {
    facts,
    plugins,
    ...(traceparent === undefined ? {} : { traceparent }),
    steps,
    ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
  }
  if (Object.keys(secrets).length === 0) return { registry, given, secrets: noSecrets, started: { ...head, ...rest } }
  const checks = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, checkOf(value)]))
  return { registry, given, secrets: secretsOf(secrets), started: { ...head, secrets: checks, ...rest } }
}

/** Ids are words of commands, names of files and parts of comments. @throws USAGE */
function expectRunId(id: string): string {
  if (/^[a-z][a-z0-9]{2,31}$/.test(id) && id !== 'last') return id
  const message = `expected --id with 3 to 32 small letters and digits, a letter first, got "${id}"`
  throw new NsnetError('USAGE', message, 'leave --id out, and the run gets one')
}
