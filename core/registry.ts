import { pathToFileURL } from 'node:url'
import { withArticle } from './counted.ts'
import { NsnetError } from './errors.ts'
import { guarded } from './guard.ts'
import { docsMistake } from './step-docs.ts'
import type { Step } from './step.ts'

/** The step types that a run can use. */
export interface Registry {
  readonly stepOf: (type: string) => Step | undefined
  readonly types: readonly string[]
}

/** Gathers step types; whatever they throw later says which of them broke, and where. @throws PLUGIN_INVALID when two have the same name */
export function registryOf(steps: readonly Step[]): Registry {
  const byType = new Map<string, Step>()
  for (const step of steps) {
    if (byType.has(step.type)) throw invalid(`step type "${step.type}" is defined twice`)
    byType.set(step.type, guarded(step))
  }
  return { stepOf: (type) => byType.get(type), types: [...byType.keys()] }
}

/**
 * Loads a custom plugin: a module whose default export is a step, or a list of steps.
 *
 * `.js` and `.mjs` files load everywhere, `.ts` files where this Node strips types (22.18 and later).
 *
 * @throws PLUGIN_INVALID with the file, when it cannot be loaded or is no step
 */
export async function loadPlugin(path: string): Promise<readonly Step[]> {
  const { default: exported } = await importPlugin(path)
  const steps: readonly unknown[] = Array.isArray(exported) ? exported : [exported]
  for (const step of steps) expectStep(step, path)
  return steps as readonly Step[]
}

async function importPlugin(path: string): Promise<{ readonly default?: unknown }> {
  try {
    const { importModule } = await import('./import-module.ts')
    return (await importModule(pathToFileURL(path).href)) as { readonly default?: unknown }
  } catch (error) {
    throw invalid(`${path}: cannot be loaded: ${(error as Error).message}`, { cause: error })
  }
}

/** What a step must have, and of which kind. */
const parts = { type: 'string', input: 'object', resources: 'function', probe: 'function' } as const
const verbs = { observe: 'function', plan: 'function' } as const

function expectStep(step: unknown, path: string): void {
  if (typeof step !== 'object' || step === null) {
    throw invalid(
      `${path}: expected "export default" of a step or a list of steps, got ${step === null ? 'null' : typeof step}`,
    )
  }
  for (const [part, kind] of Object.entries({ ...parts, ...verbs })) {
    const found = typeof (step as Record<string, unknown>)[part]
    if (found !== kind) throw invalid(`${path}: expected the step's "${part}" to be ${withArticle(kind)}, got ${found}`)
  }
  if (!('~standard' in (step as Step).input)) {
    throw invalid(`${path}: expected the step's "input" to be a Standard Schema (zod, valibot, arktype …)`)
  }
  const mistake = docsMistake((step as Step).docs)
  if (mistake !== undefined)
    throw invalid(`${path}: expected the step's "docs" as StepDocs says, got a mistake in ${mistake}`)
}

const invalid = (message: string, options?: ErrorOptions): NsnetError =>
  new NsnetError('PLUGIN_INVALID', message, 'the README section "A step of your own" shows a whole plugin', options)
