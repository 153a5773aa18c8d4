import { existsSync } from 'node:fs'

/**
 * Tells a workflow file from a run, where a verb takes both: what has a slash, ends in `.json`, `.yaml` or `.yml`, or is
 * there as a file is a file; everything else is the id of a run, the beginning of one, or `last`.
 */
export const isFile = (name: string): boolean => /\/|\.(json|ya?ml)$/i.test(name) || existsSync(name)
