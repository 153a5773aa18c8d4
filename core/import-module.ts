import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { answerToOwnName, ownModules } from './own-name.ts'
import { pluginInvalid } from './plugin-shape.ts'

/**
 * Imports a plugin's file, which finds this nsnet under its name. It stands in a file of its own, for `import()` needs one
 * that Node has loaded itself.
 *
 * @see cli/load.ts
 */
export async function importModule(url: string): Promise<unknown> {
  answerToOwnName()
  return await import(url)
}

/** Finds the URL of the file that an `import` of a name in another file means. @throws what Node throws when there is none */
export async function whereIs(name: string, from: string): Promise<string> {
  answerToOwnName()
  const asked = `nsnet-where:${encodeURIComponent(JSON.stringify({ name, from }))}`
  const { default: url } = (await import(asked)) as { readonly default: string }
  return url
}

/**
 * Imports a plugin's TypeScript with jiti, where Node does not read it itself. It is looked for beside the plugin, then beside
 * nsnet; it writes no cache.
 *
 * @throws PLUGIN_INVALID when it is not installed
 */
export async function importTyped(path: string): Promise<unknown> {
  const { createJiti } = (await import(pathToFileURL(jitiFor(path)).href)) as typeof import('jiti')
  return await createJiti(path, { alias: ownModules(), fsCache: false, interopDefault: false }).import(path)
}

function jitiFor(path: string): string {
  for (const from of [path, import.meta.url]) {
    try {
      return createRequire(from).resolve('jiti')
    } catch {
      continue
    }
  }
  const message = `${path}: expected a Node that reads TypeScript, this is ${process.version} and there is no jiti`
  throw pluginInvalid(
    message,
    'npm install jiti@2.7.0, or use Node 22.18 or later, or write the plugin in JavaScript (.mjs)',
  )
}
