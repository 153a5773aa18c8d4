import { existsSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { invalid } from '../core/problems.ts'
import { loadPlugin, registryOf, type Registry } from '../core/registry.ts'
import { parseSource, type Source } from '../core/source.ts'
import type { Step } from '../core/step.ts'
import { draftOf } from '../core/workflow.ts'
import { builtinSteps } from './builtin.ts'
import { readText } from './read-text.ts'

/** Where the plugins of a workflow are: relative paths count from its file. */
export const pluginPaths = (workflowPath: string, plugins: readonly string[] = []): readonly string[] =>
  plugins.map((plugin) => resolve(dirname(workflowPath), plugin))

/**
 * Loads plugins beside the steps that nsnet brings along.
 *
 * @throws PLUGIN_INVALID with the place in the workflow file where the plugin is named
 */
export async function registryWith(paths: readonly string[], { at, path: file }: Source): Promise<Registry> {
  const placed = (index: number) => (error: unknown) => {
    if (!(error instanceof NsnetError)) throw error
    const { code, message, hint, cause } = error
    const pointer = `/plugins/${index}`
    const { line, column } = at(pointer)
    throw new NsnetError(code, `${basename(file)}:${line}:${column} ${pointer}: ${message}`, hint, { cause })
  }
  const loaded = await Promise.all(paths.map((path, index) => loadPlugin(path).catch(placed(index))))
  try {
    return registryOf([...builtinSteps, ...loaded.flat()])
  } catch (error) {
    return placed(secondOfType(loaded))(error)
  }
}

/** Finds the first list with a step of a type that was there before. */
function secondOfType(loaded: readonly (readonly Step[])[]): number {
  const types = new Set(builtinSteps.map(({ type }) => type))
  return loaded.findIndex((steps) => steps.some(({ type }) => types.size === types.add(type).size))
}

/**
 * Lists the step types that nsnet brings along and, where a workflow file is named, those of its plugins. Other mistakes in
 * that file do not matter: it may be in the middle of being written.
 *
 * @throws WORKFLOW_UNREADABLE, WORKFLOW_INVALID, PLUGIN_INVALID
 */
export async function stepsWith(workflow: string | undefined): Promise<readonly Step[]> {
  if (workflow === undefined) return builtinSteps
  const path = resolve(workflow)
  const source = await parseSource(await readText(path), path)
  const { plugins, problems } = draftOf(source)
  const mistakes = problems.filter(({ pointer }) => /^(\/plugins\b|$)/.test(pointer))
  if (mistakes.length > 0) throw invalid(path, mistakes)
  const { types, stepOf } = await registryWith(pluginPaths(path, plugins), source)
  return types.flatMap((type) => stepOf(type) ?? [])
}

/**
 * Loads the plugins of a journaled run as far as they are still there: what lacks one can still be undone.
 *
 * @throws PLUGIN_INVALID of a file that is there
 */
export async function registryOfRun({ plugins }: RunStarted): Promise<Registry> {
  const loaded = await Promise.all(plugins.filter(existsSync).map(loadPlugin))
  return registryOf([...builtinSteps, ...loaded.flat()])
}
