import { answerToOwnName } from './own-name.ts'

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
