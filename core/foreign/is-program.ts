import { statSync } from 'node:fs'
import { extname } from 'node:path'

/** Says whether a plugin is a program in another language: a file that is no module of JavaScript or TypeScript. */
export function isProgram(path: string): boolean {
  return !/^\.([cm]?[jt]s|json|node|wasm)$/.test(extname(path)) && isFile(path)
}

/** Says whether there is a file of that name. */
export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
