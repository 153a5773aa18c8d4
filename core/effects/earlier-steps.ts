import type { Json } from '../json.ts'
import { netnsIn, type ResourceKey, type Resources } from '../resource.ts'
import type { Earlier, Step } from '../step.ts'

/** What a step will see once those before it are applied; `stopped` names the one of which that cannot be told. */
export interface Foretold {
  readonly state: Json
  readonly stopped?: string
}

/** The steps before one that is planned ahead: those that will have changed something by then. */
export interface EarlierSteps {
  readonly add: (step: Earlier) => void
  /** Notes that nothing is known of what a step makes. */
  readonly doubt: (step: string) => void
  /** The first step of which nothing is known. */
  readonly doubted: string | undefined
  readonly makesNetns: (netns: string) => boolean
  /** Follows what a step sees through all that the earlier ones do to it. */
  readonly foretell: (step: Step, input: unknown, seen: Json, resources: Resources) => Foretold
}

/** Gathers steps, and finds those that have to do with another one by what they name and by their type. */
export function earlierSteps(): EarlierSteps {
  const all: Earlier[] = []
  const byName = new Map<string, Set<number>>()
  const netns = new Set<string>()
  let doubted: string | undefined
  return {
    add: (step) => {
      for (const name of [...namesIn(step.uses, step.resources), ...linksMade(step.resources)])
        byName.set(name, (byName.get(name) ?? new Set()).add(all.length))
      for (const name of (step.resources.creates ?? []).flatMap(netnsIn)) netns.add(name)
      all.push(step)
    },
    doubt: (step) => void (doubted ??= step),
    get doubted() {
      return doubted
    },
    makesNetns: (name) => netns.has(name),
    foretell: (step, input, seen, resources) => {
      const names = [...namesIn(step.type, resources), ...linksAround(resources)]
      const found = new Set(names.flatMap((name) => [...(byName.get(name) ?? [])]))
      const related = [...found].toSorted((a, b) => a - b).map((at) => all[at]!)
      return foretold(step, input, seen, resources, related)
    },
  }
}

/** Follows a state through steps that come before, or have come since. */
export function foretold(
  step: Step,
  input: unknown,
  seen: Json,
  resources: Resources,
  others: readonly Earlier[],
): Foretold {
  let state = seen
  for (const other of others) {
    const next = step.foretell ? step.foretell(input, state, other) : touches(resources, other) ? undefined : state
    if (next === undefined) return { state, stopped: other.step }
    state = next
  }
  return { state }
}

/** Says whether a step makes or changes what another one names. */
function touches(resources: Resources, { resources: { creates = [], shares = [] } }: Earlier): boolean {
  const named = new Set(keysIn(resources))
  return [...creates, ...shares].some((key) => named.has(key))
}

const keysIn = ({ creates = [], uses = [], shares = [] }: Resources): readonly ResourceKey[] => [
  ...creates,
  ...uses,
  ...shares,
]

const namesIn = (type: string, resources: Resources): readonly string[] => [type, ...keysIn(resources)]

/**
 * A new link concerns all steps of its netns, for the kernel gives it parameters of its own; a parameter concerns all links,
 * addresses and routes there; a route may go by a link that it does not name.
 */
const linksMade = ({ creates = [], shares = [] }: Resources): readonly string[] =>
  [...creates, ...shares].filter((key) => /^(link|route|sysctl):/.test(key)).map((key) => `links of ${placeOf(key)}`)

const linksAround = (resources: Resources): readonly string[] => [
  ...new Set(keysIn(resources).map((key) => `links of ${placeOf(key)}`)),
]

/** Names the netns in a key. */
const placeOf = (key: ResourceKey): string | undefined => /^[^:]*:(\/?[^/]*)/.exec(key)?.[1]
