import type { Json } from '../json.ts'
import { netnsIn, type ResourceKey, type Resources } from '../resource.ts'
import type { Earlier, Step } from '../step.ts'

/** What a step will see once others are applied; `stopped` names the first of which that cannot be told: `state` leaves out those. */
export interface Foretold {
  readonly state: Json
  readonly stopped?: string
}

/** Other steps of a run, found by what they name: of thousands only a few have to do with any one. */
export interface RelatedSteps {
  /** Adds a step; `at` is its place in the run's order, which need not be the order of adding. */
  readonly add: (step: Earlier, at: number) => void
  /** Follows what a step sees through all that the others do to it, in the run's order. */
  readonly foretell: (step: Step, input: unknown, seen: Json, resources: Resources) => Foretold
}

/** Gathers steps. */
export function relatedSteps(): RelatedSteps {
  const index: Index = { steps: new Map(), changing: new Map(), using: new Map(), ofType: new Map(), sums: new Map() }
  return {
    add(step, at) {
      const { creates = [], shares = [], uses = [] } = step.resources
      const changed = [...creates, ...shares]
      index.steps.set(at, step)
      for (const key of new Set([...changed, ...changed.map(widened)])) push(index.changing, key, at)
      for (const key of uses) push(index.using, key, at)
      push(index.ofType, step.uses, at)
    },
    foretell(step, input, seen, resources) {
      if (!step.foretell) return { state: seen, ...stoppedBy(changersOf(index, keysIn(resources))[0]) }
      const over = step.tally?.over(input)
      const counted = over === undefined ? { state: seen } : countedIn(index, step, input, seen, over)
      if (counted.stopped !== undefined) return counted
      const others = relatedTo(index, { step, input, seen, resources }, over)
      return followed(step, input, counted.state, others)
    },
  }
}

interface Index {
  readonly steps: Map<number, Earlier>
  /** Keys, also those of all of a kind → the steps that make or share what is keyed. */
  readonly changing: Map<string, number[]>
  readonly using: Map<string, number[]>
  readonly ofType: Map<string, number[]>
  readonly sums: Map<string, { readonly sum: unknown; added: number }>
}

function push(lists: Map<string, number[]>, name: string, at: number): void {
  const list = lists.get(name)
  if (list) list.push(at)
  else lists.set(name, [at])
}

/** Follows a state through steps, one after another. */
function followed(step: Step, input: unknown, seen: Json, others: readonly Earlier[]): Foretold {
  let state = seen
  let untold: Earlier | undefined
  for (const other of others) {
    const next = step.foretell!(input, state, other)
    if (next === undefined) untold ??= other
    else state = next
  }
  return { state, ...stoppedBy(untold) }
}

/** Follows a state through all the steps that make or share a key, by what the step's type has summed up of them. */
function countedIn(index: Index, step: Step, input: unknown, seen: Json, over: ResourceKey): Foretold {
  const list = index.changing.get(over)
  if (!list) return { state: seen }
  const [tally, name] = [step.tally!, `${step.type} ${over}`]
  const counted = index.sums.get(name) ?? { sum: tally.begin(), added: 0 }
  index.sums.set(name, counted)
  for (; counted.added < list.length; counted.added++) {
    const at = list[counted.added]!
    tally.add(counted.sum, index.steps.get(at)!, at)
  }
  const state = tally.foretell(input, seen, counted.sum)
  return state === undefined ? { state: seen, ...stoppedBy(index.steps.get(list.at(-1)!)) } : { state }
}

const stoppedBy = (step: Earlier | undefined): { readonly stopped?: string } =>
  step === undefined ? {} : { stopped: step.step }

/** A step that others may have to do with. */
interface Asked {
  readonly step: Step
  readonly input: unknown
  readonly seen: Json
  readonly resources: Resources
}

/** Lists the steps that may change what a step sees, in the run's order; without those that make or share what is `counted`. */
function relatedTo(
  index: Index,
  { step, input, seen, resources }: Asked,
  counted: ResourceKey | undefined,
): readonly Earlier[] {
  const { creates = [], shares = [], uses = [] } = resources
  const watched = step.watches?.(input, seen)
  const own = [...creates, ...shares]
  const found = new Set<number>()
  const find = (lists: Map<string, number[]>, names: readonly string[]): void => {
    for (const name of names) if (name !== counted) for (const at of lists.get(name) ?? []) found.add(at)
  }
  find(index.changing, [...own, ...uses, ...(watched ?? keysIn(resources).flatMap(allAround))])
  // many steps work in one netns, and have nothing to do with each other
  find(index.using, [...own, ...uses.filter((key) => watched === undefined || netnsIn(key).length === 0)])
  if (watched === undefined) find(index.ofType, [step.type])
  return inOrder(index, found).filter((other) => !changes(other, counted))
}

const changersOf = (index: Index, keys: readonly ResourceKey[]): readonly Earlier[] =>
  inOrder(index, new Set(keys.flatMap((key) => index.changing.get(key) ?? [])))

const inOrder = ({ steps }: Index, found: ReadonlySet<number>): readonly Earlier[] =>
  [...found].toSorted((a, b) => a - b).map((at) => steps.get(at)!)

function changes({ resources: { creates = [], shares = [] } }: Earlier, key: ResourceKey | undefined): boolean {
  return key !== undefined && (creates.includes(key) || shares.includes(key))
}

const keysIn = ({ creates = [], uses = [], shares = [] }: Resources): readonly ResourceKey[] => [
  ...creates,
  ...uses,
  ...shares,
]

/** Keys all of the kind of a key in its netns. @see everyKey */
const widened = (key: ResourceKey): string => /^[^:]*:\/?[^/]*/.exec(key)![0]

const KINDS = ['link', 'addr', 'route', 'sysctl', 'rule', 'chain', 'table'] as const

const allAround = (key: ResourceKey): readonly string[] => {
  const [, place] = /^[^:]*:(\/?[^/]*)/.exec(key)!
  return KINDS.map((kind) => `${kind}:${place}`)
}
