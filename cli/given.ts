import { resolve } from 'node:path'
import { NsnetError } from '../core/errors.ts'
import { howToGive, type Given } from '../core/given.ts'
import { isObject, type Json } from '../core/json.ts'
import { parseSource } from '../core/source.ts'
import type { Draft } from '../core/workflow.ts'
import { readText } from '../library/read-text.ts'

/** How inputs are given on the command line. */
export interface InputOptions {
  /** `NAME=VALUE` each. */
  readonly set?: readonly string[]
  /** A JSON or YAML file with an object of values. */
  readonly setFile?: string
}

const PREFIX = 'NSNET_INPUT_'

/**
 * Reads what is given for inputs: `--set` comes before `--set-file`, and that before the environment.
 *
 * @throws WORKFLOW_UNREADABLE, WORKFLOW_INVALID, USAGE; none of them tells what stands in the file
 */
export async function givenBy({ set = [], setFile }: InputOptions): Promise<Given> {
  const environment = Object.entries(process.env).flatMap(([name, value = '']) =>
    name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), value]] : [],
  )
  return {
    texts: Object.fromEntries(set.map(assignment)),
    values: setFile === undefined ? {} : await valuesIn(resolve(setFile)),
    valuesBy: `--set-file ${setFile}`,
    environment: Object.fromEntries(environment),
  }
}

/** @throws USAGE when a secret is given by `--set`: it would stand in the list of processes and the shell's history */
export function expectNoSecretInArgv({ inputs }: Draft, { texts }: Given): void {
  const name = Object.keys(texts).find((it) => Object.hasOwn(inputs, it) && inputs[it]?.secret === true)
  if (name === undefined) return
  const message = `expected the secret input "${name}" not on the command line, where others can see it; got --set ${name}=…`
  throw new NsnetError('USAGE', message, howToGive([name]))
}

/** Reads a file of values; of a mistake in it only the place is told, for a secret may stand there. */
async function valuesIn(path: string): Promise<Given['values']> {
  const reading = readText(path).then((text) => parseSource(text, path))
  const { value } = await reading.catch((error: unknown) => {
    if (!(error instanceof NsnetError)) throw error
    if (error.code === 'WORKFLOW_UNREADABLE')
      throw new NsnetError(
        error.code,
        error.message,
        'give --set-file a file with an object of values: {"NAME": VALUE, …}',
      )
    const place = /:\d+:\d+/.exec(error.message)?.[0] ?? ''
    throw new NsnetError(
      error.code,
      `expected --set-file with JSON (or YAML in *.yaml), got a mistake at ${path}${place}`,
    )
  })
  if (isObject(value)) return value as Record<string, Json>
  throw new NsnetError('USAGE', `expected --set-file with an object of values, got something else in ${path}`)
}

function assignment(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new NsnetError('USAGE', `expected --set NAME=VALUE, got "${text}"`)
}
