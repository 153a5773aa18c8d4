import { NsnetError } from './errors.ts'
import { guarded, type Origin } from './guard.ts'
import type { Step } from './step.ts'

/** The step types that a run can use. */
export interface Registry {
  readonly stepOf: (type: string) => Step | undefined
  readonly types: readonly string[]
}

/** A plugin that is loaded. */
export interface Plugin extends Origin {
  readonly steps: readonly Step[]
}

/**
 * Gathers the step types of nsnet itself and those of plugins; whatever they throw later says which of them broke, and where.
 *
 * @throws PLUGIN_INVALID when two have the same name
 */
export function registryOf(own: readonly Step[], ...plugins: readonly Plugin[]): Registry {
  const byType = new Map<string, { readonly step: Step; readonly plugin: Plugin | undefined }>()
  const add = (step: Step, plugin: Plugin | undefined): void => {
    const other = byType.get(step.type)
    if (other) throw twice(step.type, other.plugin, plugin)
    byType.set(step.type, { step: guarded(step, plugin), plugin })
  }
  for (const step of own) add(step, undefined)
  for (const plugin of plugins) for (const step of plugin.steps) add(step, plugin)
  return { stepOf: (type) => byType.get(type)?.step, types: [...byType.keys()] }
}

function twice(type: string, first: Plugin | undefined, second: Plugin | undefined): NsnetError {
  const one = first?.file ?? 'nsnet itself'
  const where = first?.file === second?.file ? `twice by ${one}` : `by ${one} and again by ${second?.file}`
  const hint = 'give one of them a "type" of its own, or leave one of the plugins out'
  return new NsnetError('PLUGIN_INVALID', `expected step types of different names, "${type}" is defined ${where}`, hint)
}
