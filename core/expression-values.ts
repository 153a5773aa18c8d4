import { asCel, celMap } from './cel-value.ts'
import type { Reference } from './expression-names.ts'
import type { Json } from './json.ts'
import type { Round } from './round-text.ts'

/** What expressions read. */
export interface Scope {
  readonly inputs: { readonly [name: string]: Json }
  readonly host: { readonly [name: string]: Json }
  /** Outputs of a step that holds. */
  readonly steps: (id: string) => { readonly [name: string]: Json } | undefined
  /** Where something is done for each value of a list. */
  readonly round?: Round | undefined
}

/** What an expression reads of each variable. */
export interface Names {
  readonly inputs: readonly string[]
  readonly host: readonly string[]
  readonly steps: readonly string[]
}

/** Finds the names of what an expression reads. */
export function namesIn(references: readonly Reference[]): Names {
  const named = (root: string): readonly string[] =>
    references.flatMap(([first, key]) => (first === root && key !== undefined ? [key] : []))
  return { inputs: named('inputs'), host: named('host'), steps: named('steps') }
}

/** Gives an expression what it reads and nothing else, integers as CEL has them. */
export function valuesOf({ inputs, host, steps, round }: Scope, names: Names): Record<string, unknown> {
  const outputs = (id: string): unknown => celMap([['outputs', asCel(steps(id) ?? {})]])
  return {
    inputs: picked(inputs, names.inputs),
    host: picked(host, names.host),
    steps: names.steps.length === 0 ? nothing : celMap(names.steps.map((id) => [id, outputs(id)])),
    ...(round === undefined ? {} : { each: asCel(round.each), index: BigInt(round.index) }),
  }
}

const nothing = celMap([])

function picked(values: { readonly [name: string]: Json }, names: readonly string[]): unknown {
  if (names.length === 0) return nothing
  return celMap(names.filter((name) => Object.hasOwn(values, name)).map((name) => [name, asCel(values[name]!)]))
}
