import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isProgram } from '../core/foreign/is-program.ts'
import type { Json } from '../core/json.ts'
import { loadPlugin } from '../core/load-plugin.ts'
import type { Step } from '../core/step.ts'
import { builtinSteps } from '../library/builtin.ts'

/** What `conforms` needs to know beside the examples. */
export interface ConformsOptions {
  /**
   * The file whose default export is the step (or a list with it), as a path or a `file:` URL: the real nsnet loads it, to be
   * killed. Needed for a step that is given as an object, but for those that nsnet brings along.
   */
  readonly plugin?: string | URL
  /** Which step type of a plugin is meant, where it is given as a file that has several. */
  readonly type?: string
}

/** A step that is proved. */
export interface Tested<Input, State extends Json> {
  readonly step: Step<Input, State>
  /** The same step, asked in another process where it is a program: its answers have to be the same there. */
  readonly again: Step<Input, State>
  /** Its file; undefined for one that nsnet brings along. */
  readonly file: string | undefined
}

/** Finds what is meant by the first argument of `conforms`. @throws TypeError; NsnetError PLUGIN_INVALID */
export async function testedOf<Input, State extends Json>(
  what: Step<Input, State> | string | URL,
  { plugin, type }: ConformsOptions,
): Promise<Tested<Input, State>> {
  if (typeof what === 'string' || what instanceof URL) {
    const file = pathOf(what)
    const step = (await stepIn(file, type)) as unknown as Step<Input, State>
    return { step, file, again: isProgram(file) ? ((await stepIn(file, type)) as unknown as typeof step) : step }
  }
  return { step: what, file: fileOf(what.type, plugin), again: what }
}

async function stepIn(file: string, wanted: string | undefined): Promise<Step> {
  const steps = await loadPlugin(file)
  const found = wanted === undefined && steps.length === 1 ? steps[0] : steps.find(({ type }) => type === wanted)
  if (found) return found
  const types = steps.map(({ type }) => `"${type}"`).join(', ')
  const got = wanted === undefined ? 'none' : `"${wanted}"`
  throw new TypeError(
    `expected the option "type" to be one of the step types of ${file} (${types}), got ${got}: ` +
      `conforms('${file}', examples, { type: ${types.split(', ')[0]} })`,
  )
}

function fileOf(type: string, plugin: string | URL | undefined): string | undefined {
  if (plugin !== undefined) return pathOf(plugin)
  if (builtinSteps.some((step) => step.type === type)) return undefined
  throw new TypeError(
    `expected the option "plugin" with the file of the step type "${type}", got none: the real nsnet has to load it, ` +
      `to be killed. For a step in mtu.js beside the test: conforms(mtu, examples, { plugin: new URL('./mtu.js', import.meta.url) })`,
  )
}

const pathOf = (file: string | URL): string =>
  String(file).startsWith('file:') ? fileURLToPath(file) : resolve(String(file))
