import { NsnetError } from './errors.ts'
import { guarded } from './guard.ts'
import type { Step } from './step.ts'

/** The step types that a run can use. */
export interface Registry {
  readonly stepOf: (type: string) => Step | undefined
  readonly types: readonly string[]
}

/** A plugin that is loaded. */
export interface Plugin {
  /** Absolute path. */
  readonly file: string
  /** A program in another language: whoever asks it waits no longer than that may take. */
  readonly isProgram: boolean
  readonly steps: readonly Step[]
}

/**
 * Gathers the step types of nsnet itself and those of plugins; whatever they throw later says which of them broke, and where.
 *
 * @throws PLUGIN_INVALID when two have the same name
 */
export function registryOf(own: readonly Step[], ...plugins: readonly Plugin[]): Registry {
  const byType = new Map<string, { readonly step: Step; readonly file: string | undefined }>()
  for (const { file, steps, isProgram } of [{ file: undefined, steps: own, isProgram: false }, ...plugins])
    for (const step of steps) {
      const other = byType.get(step.type)
      if (other) throw twice(step.type, other.file, file)
      byType.set(step.type, { step: guarded(step, file, !isProgram), file })
    }
  return { stepOf: (type) => byType.get(type)?.step, types: [...byType.keys()] }
}

function twice(type: string, first: string | undefined, second: string | undefined): NsnetError {
  const one = first ?? 'nsnet itself'
  const where = first === second ? `twice by ${one}` : `by ${one} and again by ${second}`
  const hint = 'give one of them a "type" of its own, or leave one of the plugins out'
  return new NsnetError('PLUGIN_INVALID', `expected step types of different names, "${type}" is defined ${where}`, hint)
}
