import { netnsOf, programIn, type Command } from '../command.ts'
import { laneOf } from '../lanes.ts'
import type { Resources } from '../resource.ts'

/** What a step runs, in its order, and what it makes, uses and shares. */
export interface Work {
  readonly step: string
  readonly commands: readonly Command[]
  readonly resources: Resources
}

/** A command of a step. */
export interface Item {
  readonly step: string
  readonly command: Command
}

/** Commands that one process can run, in their order, once the groups that it waits for have run. */
export interface Group {
  readonly items: readonly Item[]
  readonly after: ReadonlySet<Group>
}

/**
 * Sorts the commands of steps into as few processes as their order allows: those of one lane come together, and what
 * depends on another command waits for it. A group stands behind those that it waits for.
 */
export function groupsOf(works: readonly Work[]): readonly Group[] {
  const site: Site = { all: [], lanes: new Map(), last: new Map(), barrier: undefined }
  for (const work of works) place(site, work)
  return site.all.toSorted((a, b) => a.level - b.level)
}

/** A group that is being filled; what it waits for has a lower level. */
interface Draft extends Group {
  readonly level: number
  readonly items: Item[]
  readonly after: Set<Draft>
}

interface Site {
  readonly all: Draft[]
  /** The last group of each lane. */
  readonly lanes: Map<string, Draft>
  /** The last groups that have to do with a name: with a kind of command in a netns, with a key of a step. */
  readonly last: Map<string, readonly Draft[]>
  /** The last group of a command that nothing is known of: everything stands before or behind it. */
  barrier: Draft | undefined
}

function place(site: Site, { step, commands, resources }: Work): void {
  const { creates = [], uses = [], shares = [] } = resources
  const made = [...creates, ...shares]
  let before: readonly Draft[] = []
  for (const command of commands) {
    const lane = laneOf(command)
    const kind = lane === undefined ? undefined : kindOf(command, lane)
    const names = [...made.map((key) => `made ${key}`), ...uses.map((key) => `used ${key}`), ...(kind?.names ?? [])]
    const waitsFor = [
      ...made.flatMap((key) => [`made ${key}`, `used ${key}`]),
      ...uses.map((key) => `made ${key}`),
      ...(kind?.waitsFor ?? []),
    ]
    const earlier = waitsFor.flatMap((name) => site.last.get(name) ?? []).concat(before, site.barrier ?? [])
    const draft = kind ? draftIn(site, lane!, new Set(earlier)) : alone(site)
    draft.items.push({ step, command })
    for (const name of names) site.last.set(name, lastOf(site.last.get(name), draft))
    before = [draft]
  }
}

/** Finds the group for a command of a lane: the last one, if nothing that comes before the command stands behind that. */
function draftIn(site: Site, lane: string, earlier: ReadonlySet<Draft>): Draft {
  const last = site.lanes.get(lane)
  const others = [...earlier].filter((draft) => draft !== last)
  const level = Math.max(0, ...others.map((draft) => draft.level + 1))
  if (last && last.level >= level) {
    for (const draft of others) last.after.add(draft)
    return last
  }
  const draft = { level, items: [], after: new Set(last ? [...others, last] : others) }
  site.all.push(draft)
  site.lanes.set(lane, draft)
  return draft
}

/** A command of which nothing is known runs by itself, behind all before it and before all behind it. */
function alone(site: Site): Draft {
  const level = site.all.reduce((most, draft) => Math.max(most, draft.level + 1), 0)
  const draft = { level, items: [], after: new Set(site.all) }
  site.all.push(draft)
  site.barrier = draft
  return draft
}

/** Those of the highest level: who waits for them waits for what stands before them, too, unless it is beside them. */
const lastOf = (known: readonly Draft[] = [], draft: Draft): readonly Draft[] =>
  known.includes(draft) ? known : [...known.filter(({ level }) => level >= draft.level), draft]

/** What a kind of command is known by to later ones, and what of earlier ones it waits for. */
interface Kind {
  readonly names: readonly string[]
  readonly waitsFor: readonly string[]
}

/**
 * Commands on links, addresses, routes and sysctls of one netns keep their order; rules of netfilter come behind them, for
 * they may name what those make. Tables of iptables do not know of each other. The sysctls of netfilter come with a module
 * that a rule may load.
 */
function kindOf(command: Command, lane: string): Kind | undefined {
  const netns = netnsOf(command) ?? '/host'
  const [stack, filters, native] = [`stack of ${netns}`, `filters of ${netns}`, `native filters of ${netns}`]
  const [program = '', ...words] = programIn(command.argv)
  if (program === 'ip') return { names: [stack], waitsFor: [stack] }
  if (program === 'sysctl') {
    const isOfFilters = words.some((word) => /netfilter|bridge-nf/.test(word))
    return { names: [stack], waitsFor: isOfFilters ? [stack, filters] : [stack] }
  }
  if (program === 'nft') return { names: [filters, native], waitsFor: [stack, filters] }
  const table = `${lane} of ${netns}`
  return /^ip6?tables/.test(program) ? { names: [filters, table], waitsFor: [stack, table, native] } : undefined
}
