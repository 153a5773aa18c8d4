import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { NsnetError } from './errors.ts'
import { nearest } from './near.ts'
import { pluginInvalid } from './plugin-shape.ts'

/**
 * Finds the file of a plugin that a workflow names: what begins with `./` or `../` is a file, counted from the workflow's;
 * another name is a file beside the workflow's where there is one, else an npm package, as Node finds it from there. Nothing is
 * loaded.
 *
 * @see https://nodejs.org/api/esm.html#resolution-algorithm
 * @throws PLUGIN_INVALID with what was looked for, where, and what to type next
 */
export async function findPlugin(name: string, workflow: string): Promise<string> {
  const path = resolve(dirname(workflow), name)
  const kind = kindOf(path)
  if (kind === 'file') return path
  const isPath = /^\.\.?\//.test(name) || !PACKAGE.test(name)
  if (!isPath) return await findPackage(name, workflow)
  if (kind === 'folder') throw pluginInvalid(`expected the file of a plugin, ${path} is a folder`, 'name a file in it')
  throw missing(name, path)
}

/** Name of an npm package, and the path of a module in it. @see https://docs.npmjs.com/cli/configuring-npm/package-json#name */
const PACKAGE = /^(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*(\/[\w.~-]+)*$/i

function kindOf(path: string): 'file' | 'folder' | undefined {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file'
  } catch {
    return undefined
  }
}

function missing(name: string, path: string): NsnetError {
  const near = nearest(basename(path), namesIn(dirname(path)))
  const step = /^([a-z][\w-]*)\.(ts|mjs)$/.exec(basename(path))
  const write =
    step === null
      ? undefined
      : `write one: nsnet new step ${step[1]} --dir ${dirname(path)}${step[2] === 'ts' ? '' : ' --js'}`
  const hint = near === undefined ? write : `did you mean "${name.slice(0, -basename(path).length)}${near}"?`
  return pluginInvalid(`expected the file of a plugin, there is no ${path}`, hint)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

async function findPackage(name: string, workflow: string): Promise<string> {
  const folder = dirname(workflow)
  try {
    const { whereIs } = await import('./import-module.ts')
    const url = await whereIs(name, pathToFileURL(workflow).href)
    if (url.startsWith('file:')) return fileURLToPath(url)
    throw pluginInvalid(`expected a plugin, "${name}" is a module of Node.js itself`, fileHint(name))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const own = /^(@[^/]+\/)?[^/]+/.exec(name)![0]
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && message.includes(`package '${own}'`)
    if (!isMissing)
      throw code === 'PLUGIN_INVALID' ? error : pluginInvalid(`${name}: ${message}`, undefined, { cause: error })
    const looked = `neither the file ${resolve(folder, name)} nor an npm package in node_modules of ${folder} or above`
    throw pluginInvalid(`expected a plugin "${name}", found ${looked}`, `cd ${folder} && npm install ${own}`)
  }
}

const fileHint = (name: string): string => `of a file, write "./${name}"`
