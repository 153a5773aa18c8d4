import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import { isProgram } from '../core/foreign/is-program.ts'
import { findPlugin } from '../core/find-plugin.ts'
import { loadPlugin } from '../core/load-plugin.ts'
import { placeIn } from '../core/place-in.ts'
import { invalid } from '../core/problems.ts'
import { registryOf, type Plugin, type Registry } from '../core/registry.ts'
import { parseSource, type Source } from '../core/source.ts'
import type { Step } from '../core/step.ts'
import { draftOf, type Draft } from '../core/workflow.ts'
import { commonSteps } from './common-steps.ts'
import { readText } from './read-text.ts'

/** A plugin that a workflow names. */
export interface NamedPlugin {
  /** Absolute path. */
  readonly file: string
  /** Says where it is named when something is wrong with it. @throws PLUGIN_INVALID */
  readonly placed: (error: unknown) => never
}

/**
 * Finds the files of the plugins that workflows name, each counted from the file of its workflow and each once.
 *
 * @throws PLUGIN_INVALID with the place in the workflow file where the plugin is named
 */
export async function pluginsOf(drafts: readonly Draft[]): Promise<readonly NamedPlugin[]> {
  const all = drafts.flatMap(({ source, plugins }) =>
    plugins.map(async (plugin, index) => {
      const at = placed(source, index)
      return { file: await findPlugin(plugin, source.path).catch(at), placed: at }
    }),
  )
  const found = await Promise.all(all)
  return found.filter(({ file }, at) => found.findIndex((other) => other.file === file) === at)
}

/**
 * Loads plugins beside the steps that nsnet brings along and `own` ones of a program that uses it.
 *
 * @throws PLUGIN_INVALID with the place in the workflow file where the plugin is named
 */
export async function registryWith(
  plugins: readonly NamedPlugin[],
  own: readonly Step[],
  uses: readonly string[] | 'all',
): Promise<Registry> {
  const given = asPlugin(own)
  const builtinSteps = await stepsFor(plugins.length + own.length > 0 ? 'all' : uses)
  // a mistake of the program stands nowhere in the workflow
  registryOf(builtinSteps, given)
  const loaded = await Promise.all(plugins.map((plugin) => load(plugin.file).catch(plugin.placed)))
  try {
    return registryOf(builtinSteps, given, ...loaded)
  } catch (error) {
    return plugins[secondOfType(loaded, [...builtinSteps, ...own])]!.placed(error)
  }
}

/**
 * Gives the step types that nsnet brings along: all of them, or, where no other is named, the common ones. Each of them makes
 * schemas when it is loaded, all of them together for 10 ms.
 */
async function stepsFor(uses: readonly string[] | 'all'): Promise<readonly Step[]> {
  return uses !== 'all' && uses.every(isCommon) ? commonSteps : (await import('./builtin.ts')).builtinSteps
}

const isCommon = (name: string): boolean => commonSteps.some(({ type }) => type === name)

const asPlugin = (steps: readonly Step[]): Plugin => ({ file: 'the option "steps"', isProgram: false, steps })

const load = async (file: string): Promise<Plugin> => ({
  file,
  isProgram: isProgram(file),
  steps: await loadPlugin(file),
})

/** Says where in a workflow file the plugin is named that something is wrong with. */
const placed =
  ({ at, path }: Source, index: number) =>
  (error: unknown): never => {
    if (!(error instanceof NsnetError)) throw error
    const { code, message, hint, cause } = error
    const pointer = `/plugins/${index}`
    throw new NsnetError(code, `${placeIn(basename(path), at(pointer), pointer)}: ${message}`, hint, { cause })
  }

/** Finds the first plugin with a step of a type that was there before. */
function secondOfType(loaded: readonly Plugin[], before: readonly Step[]): number {
  const types = new Set(before.map(({ type }) => type))
  return loaded.findIndex(({ steps }) => steps.some(({ type }) => types.size === types.add(type).size))
}

/**
 * Lists the step types that nsnet brings along and, where a workflow file is named, those of its plugins. Other mistakes in
 * that file do not matter: it may be in the middle of being written.
 *
 * @throws WORKFLOW_UNREADABLE, WORKFLOW_INVALID, PLUGIN_INVALID
 */
export async function stepsWith(workflow: string | undefined): Promise<readonly Step[]> {
  if (workflow === undefined) return await stepsFor('all')
  const path = resolve(workflow)
  const source = await parseSource(await readText(path), path)
  const draft = draftOf(source)
  const { problems } = draft
  const mistakes = problems.filter(({ pointer }) => /^(\/plugins\b|$)/.test(pointer))
  if (mistakes.length > 0) throw invalid(path, mistakes)
  const { types, stepOf } = await registryWith(await pluginsOf([draft]), [], 'all')
  return types.flatMap((type) => stepOf(type) ?? [])
}

/** A plugin of a run that cannot be loaded any more. */
export interface Lacking {
  /** Absolute path. */
  readonly file: string
  /** What is wrong with it, the file included. */
  readonly why: string
}

/** The step types that are left to a run. */
export interface RunRegistry extends Registry {
  readonly lacking: readonly Lacking[]
}

/** Loads the plugins of a journaled run as far as that can be done: what lacks one, or has a broken one, can still be undone. */
export async function registryOfRun({ plugins, steps }: RunStarted, own: readonly Step[]): Promise<RunRegistry> {
  const isPlain = plugins.length + own.length === 0
  const builtinSteps = await stepsFor(isPlain ? steps.map(({ uses }) => uses) : 'all')
  const lacking: Lacking[] = []
  const loaded: Plugin[] = []
  const types = new Set([...builtinSteps, ...own].map(({ type }) => type))
  for (const file of plugins) {
    const plugin = await loadedOrNot(file, types)
    if ('why' in plugin) lacking.push(plugin)
    else loaded.push(plugin)
  }
  return { ...registryOf(builtinSteps, asPlugin(own), ...loaded), lacking }
}

async function loadedOrNot(file: string, types: Set<string>): Promise<Plugin | Lacking> {
  if (!existsSync(file)) return { file, why: `the plugin ${file} is not there any more` }
  try {
    const plugin = await load(file)
    const again = plugin.steps.find(({ type }) => types.has(type))
    if (again) return { file, why: `the plugin ${file} is broken now: it has the step type "${again.type}" again` }
    for (const { type } of plugin.steps) types.add(type)
    return plugin
  } catch (error) {
    if (!(error instanceof NsnetError)) throw error
    return { file, why: `the plugin is broken now: ${error.message}` }
  }
}
