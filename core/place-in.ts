import { basename, join } from 'node:path'

/** What a workflow that a program gives as an object has for the name of a file. */
const OBJECT = '(object)'

/** Names the place of a workflow that is an object; its relative paths count from a directory. */
export const objectIn = (directory: string): string => join(directory, OBJECT)

/** Says whether a workflow is an object that a program gave. */
export const isObjectPath = (path: string): boolean => basename(path) === OBJECT

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Says where something stands: `internet.json:31:7 /steps/6/with`; in an object `steps[6].with`, and nothing for all of it. */
export function placeIn(path: string, { line, column }: Position, pointer: string): string {
  if (isObjectPath(path)) return dotted(pointer)
  return `${path}:${line}:${column}${pointer === '' ? '' : ` ${pointer}`}`
}

/** Says where something else stands in the same workflow: `31:7`; in an object `steps[6].id`. */
export const placeBeside = (path: string, { line, column }: Position, pointer: string): string =>
  isObjectPath(path) ? dotted(pointer) : `${line}:${column}`

/** Writes a JSON pointer as programs write it. */
function dotted(pointer: string): string {
  const keys = pointer.split('/').slice(1)
  const words = keys.map((raw) => {
    const key = raw.replaceAll('~1', '/').replaceAll('~0', '~')
    if (/^\d+$/.test(key)) return `[${key}]`
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
  })
  return words.join('').replace(/^\./, '')
}
