import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { loadPlugin, registryOf, type Registry } from '../core/registry.ts'
import type { Store } from '../journal/store.ts'
import { builtinSteps } from './builtin.ts'

/** Where the plugins of a workflow are: relative paths count from its file. */
export const pluginPaths = (workflowPath: string, plugins: readonly string[] = []): readonly string[] =>
  plugins.map((plugin) => resolve(dirname(workflowPath), plugin))

/** Loads plugins beside the steps that nsnet brings along. @throws PLUGIN_INVALID */
export async function registryWith(paths: readonly string[]): Promise<Registry> {
  return registryOf([...builtinSteps, ...(await Promise.all(paths.map(loadPlugin))).flat()])
}

/**
 * Loads the plugins of a journaled run as far as they are still there: what lacks one can still be undone.
 *
 * @throws PLUGIN_INVALID of a file that is there
 */
export async function registryOfRun(store: Store, id: string): Promise<Registry> {
  const started = (await store.read(id)).entries[0]?.event
  const paths = started?.type === 'RunStarted' ? started.plugins : []
  const loaded = await Promise.all(paths.filter(existsSync).map(loadPlugin))
  return registryOf([...builtinSteps, ...loaded.flat()])
}
