import { createHash } from 'node:crypto'
import packageJson from '../package.json' with { type: 'json' }
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { expectMuch, MUCH } from '../core/heap.ts'
import type { Given } from '../core/given.ts'
import { prepare, type Prepared } from '../core/prepare.ts'
import { invalid } from '../core/problems.ts'
import type { Registry } from '../core/registry.ts'
import { checkOf } from '../core/secret-check.ts'
import { noSecrets, secretsOf, type Secrets } from '../core/secret.ts'
import { parseSource } from '../core/source.ts'
import type { Facts, Step } from '../core/step.ts'
import { draftOf, type Draft } from '../core/workflow.ts'
import { newRunId } from '../journal/store.ts'
import { absentLinks } from './absent-links.ts'
import { allIn, withNested } from './nested-files.ts'
import { pluginsOf, registryWith } from './plugins.ts'

/** A run that can begin. */
export interface ReadyRun {
  /** With markers in place of secrets. */
  readonly started: RunStarted
  readonly registry: Registry
  readonly secrets: Secrets
  readonly given: Given
  /** Inputs without a value, which may lack it. */
  readonly open: Prepared['open']
}

/** What makes a run of a workflow. */
export interface RunSource {
  /** Of the file; relative paths in it count from there. */
  readonly path: string
  readonly text: string
  readonly facts: Facts
  readonly given: Given
  /** Step types beside those that nsnet brings along and the workflow's plugins. */
  readonly steps: readonly Step[]
  /** Id of the run; a new one when it is absent. */
  readonly id?: string | undefined
  /** The span of another program that the run is part of. @see https://www.w3.org/TR/trace-context/ */
  readonly traceparent?: string | undefined
  /** The links of the host, where the run is to begin there and then. */
  readonly links?: readonly string[] | undefined
  /** Refuses what may not be given in the way it was. */
  readonly check?: (draft: Draft, given: Given) => void
}

/**
 * Understands a workflow, loads its plugins, and checks everything.
 *
 * @throws WORKFLOW_INVALID, PLUGIN_INVALID, USAGE
 */
export async function readyRun({ path, text, facts, given, ...options }: RunSource): Promise<ReadyRun> {
  if (text.length > MUCH / 4) expectMuch()
  const source = await parseSource(text, path)
  const draft = await withNested(draftOf(source))
  options.check?.(draft, given)
  const drafts = allIn(draft)
  const named = await pluginsOf(drafts)
  const registry = await registryWith(named, options.steps, drafts.flatMap(usesIn))
  const { inputs, steps, outputs, secrets, open } = await prepare(draft, registry, facts, given)
  const hash = createHash('sha256').update(source.text).digest('hex')
  const checks = Object.entries(secrets).map(([name, value]) => [name, checkOf(value)] as const)
  const { traceparent } = options
  const started: RunStarted = {
    type: 'RunStarted',
    run: expectRunId(options.id ?? newRunId()),
    nsnet: packageJson.version,
    workflow: { name: draft.name, path, text: source.text, hash },
    inputs,
    ...(checks.length === 0 ? {} : { secrets: Object.fromEntries(checks) }),
    facts,
    plugins: named.map(({ file }) => file),
    ...(traceparent === undefined ? {} : { traceparent }),
    steps,
    ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
  }
  const ready = { registry, given, open, secrets: checks.length === 0 ? noSecrets : secretsOf(secrets), started }
  const absent = options.links === undefined ? [] : await absentLinks({ ...ready, draft }, options.links)
  if (absent.length > 0) throw invalid(path, absent)
  return ready
}

const usesIn = ({ blocks }: Draft): readonly string[] => blocks.flatMap(({ steps }) => steps.map(({ uses }) => uses))

/** Ids are words of commands, names of files and parts of comments. @throws USAGE */
function expectRunId(id: string): string {
  if (/^[a-z][a-z0-9]{2,31}$/.test(id) && id !== 'last') return id
  const message = `expected --id with 3 to 32 small letters and digits, a letter first, got "${id}"`
  throw new NsnetError('USAGE', message, 'leave --id out, and the run gets one')
}
