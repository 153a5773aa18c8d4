import { dirname, resolve } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import { loadPlugin, registryOf, type Registry } from '../core/registry.ts'
import type { Step } from '../core/step.ts'
import type { Store } from '../journal/store.ts'
import { builtinSteps } from './builtin.ts'

/** Where the plugins of a workflow are: relative paths count from its file. */
export const pluginPaths = (workflowPath: string, plugins: readonly string[] = []): readonly string[] =>
  plugins.map((plugin) => resolve(dirname(workflowPath), plugin))

/** Loads plugins beside the steps that nsnet brings along. @throws PLUGIN_INVALID */
export async function registryWith(paths: readonly string[]): Promise<Registry> {
  return registryOf([...builtinSteps, ...(await Promise.all(paths.map(loadPlugin))).flat()])
}

/** Loads the plugins of a journaled run as far as they are still there: what lacks one can still be undone. */
export async function registryOfRun(store: Store, id: string): Promise<Registry> {
  const started = (await store.read(id)).entries[0]?.event
  const paths = started?.type === 'RunStarted' ? started.plugins : []
  const loaded = await Promise.all(paths.map((path) => loadPlugin(path).catch(goneIsNone)))
  return registryOf([...builtinSteps, ...loaded.flat()])
}

function goneIsNone(error: unknown): readonly Step[] {
  if (error instanceof NsnetError && error.code === 'PLUGIN_INVALID') return []
  throw error
}
