import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { NsnetError } from './errors.ts'
import { isProgram } from './foreign/is-program.ts'
import { watchedImport } from './import-watch.ts'
import { expectStep, pluginInvalid } from './plugin-shape.ts'
import type { Step } from './step.ts'

/**
 * Loads a plugin's file: a module whose default export is a step, or a list of steps.
 *
 * `.js`, `.mjs` and `.cjs` load everywhere; `.ts`, `.mts` and `.cts` where this Node strips types (22.18 and later) or jiti is
 * installed. Any other file is a program, in whatever language: see `loadProgram`. It may take 10 s, or `NSNET_TIMEOUT`: one that waits for ever is refused, one that loops for ever ends nsnet.
 *
 * @throws PLUGIN_INVALID with the file, when it cannot be loaded or is no step
 */
export async function loadPlugin(path: string): Promise<readonly Step[]> {
  const load = loaders[extname(path)]
  if (!load && isProgram(path)) return (await import('./foreign/load.ts')).loadProgram(path)
  if (!load) throw pluginInvalid(`${path}: expected a file that ends in ${Object.keys(loaders).join(', ')}`)
  const exported = await watchedImport(path, () => load(path)).catch((error: unknown) => {
    throw error instanceof NsnetError ? error : cannotLoad(path, error)
  })
  try {
    const steps: readonly unknown[] = Array.isArray(exported) ? exported : [exported]
    for (const step of steps) expectStep(step, path)
    return steps as readonly Step[]
  } catch (error) {
    if (error instanceof NsnetError) throw error
    throw cannotLoad(path, error)
  }
}

type Loader = (path: string) => Promise<unknown>

const script: Loader = async (path) => {
  const { importModule } = await import('./import-module.ts')
  return defaultOf(await importModule(pathToFileURL(path).href))
}

const typed: Loader = async (path) => {
  if ('typescript' in process.features && process.features.typescript !== false) return await script(path)
  const { importTyped } = await import('./import-module.ts')
  return defaultOf(await importTyped(path))
}

/** How a file is loaded, by its ending. */
const loaders: { readonly [ending: string]: Loader } = {
  '.js': script,
  '.mjs': script,
  '.cjs': script,
  '.ts': typed,
  '.mts': typed,
  '.cts': typed,
}

/** Reads a module's default export; of one that a compiler made for `require`, it stands a level deeper. */
function defaultOf(module: unknown): unknown {
  const { default: exported } = module as { readonly default?: unknown }
  const isCompiled = typeof exported === 'object' && exported !== null && '__esModule' in exported
  return isCompiled ? (exported as { readonly default?: unknown }).default : exported
}

function cannotLoad(path: string, error: unknown): NsnetError {
  const why = error instanceof Error ? error.message : String(error)
  const isNewer = error instanceof SyntaxError && /does not provide an export named/.test(why)
  const hint = isNewer ? 'that name is not in this version of nsnet: nsnet --version says which it is' : undefined
  return pluginInvalid(`${path}: cannot be loaded: ${why}`, hint, { cause: error })
}
