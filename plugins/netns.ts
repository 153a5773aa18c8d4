import { z } from 'zod'
import { ip } from '../core/command.ts'
import { isLeftover, listNetns, parseNetns } from '../core/netns-files.ts'
import { netnsName } from '../core/net.ts'
import { netnsKey } from '../core/resource.ts'
import { conflict, defineStep, nothingToDo, type Attempt, type Earlier, type Plan } from '../core/step.ts'
import { netnsDocs } from './docs/netns.ts'
import { inputOf, linksMadeBy, makes } from './lib/earlier.ts'
import { listLinks, namesOf, parseLinks } from './lib/ip-json.ts'
import type { Input as LinkInput } from './lib/link-input.ts'

/**
 * Creates a named network namespace.
 *
 * Its inode and the time of its making tell it from another of the same name. Deleting only removes the name: a netns that
 * a process still lives in stays, with its links, until the process ends; so steps inside it are undone before it. Links
 * that others put into it would go with it, so with such a link in it, it is kept.
 *
 * @see ip-netns(8), network_namespaces(7)
 */
export default defineStep({
  type: 'netns',
  summary: 'Creates a named network namespace.',
  docs: netnsDocs,
  input: z.strictObject({
    netns: netnsName.meta({
      description: 'name of the netns: up to 64 letters, digits, ".", "_", "-", "@" and "+"',
      examples: ['ns1'],
    }),
  }),
  resources: ({ netns }) => ({ creates: [netnsKey(netns)] }),
  probe: ({ netns }) => [listNetns, listLinks(netns)],
  observe({ stdout }, { netns }, { outputs }): State {
    const { [netns]: id = gone } = parseNetns(stdout)
    const links = namesOf(parseLinks(outputs[1]?.stdout ?? ''))
    return { ...id, links, leftover: isLeftover(stdout, netns) }
  },
  watches: () => [],
  foretell({ netns }, state, earlier): State {
    if (makes(earlier, netnsKey(netns))) return fresh
    const [left, born] = [state.links.filter((link) => !takes(earlier, netns, link)), linksMadeBy(earlier, netns)]
    return born.length === 0 && left.length === state.links.length ? state : { ...state, links: [...left, ...born] }
  },
  outcome: () => fresh,
  plan({ netns }, { inode, leftover }, context): Plan {
    if (inode !== null) return nothingToDo
    const [add, remove] = [ip(undefined, 'netns', 'add', netns), ip(undefined, 'netns', 'delete', netns)]
    if (!leftover) return { apply: [add], undo: [remove] }
    const isOurs = (context.before as State | undefined)?.leftover === false
    return isOurs ? { apply: [remove, add], undo: [remove] } : inTheWay(netns)
  },
  identity: ({ inode, made }) => (inode === null ? null : `${inode} of ${made}`),
  mine(_input, before, { inode, made }, attempt) {
    if (inode === null) return !before.leftover
    return !attempt.refused && isOfTime(made, attempt)
  },
  drift(_, after, { links }) {
    const guests = links.filter((link) => !after?.links.includes(link) && !ownLinks.test(link))
    return guests.length === 0 ? undefined : `${guests.join(', ')} ${guests.length === 1 ? 'is' : 'are'} in it`
  },
  outputs: { inode: ({ inode }) => inode, netns: (_, { netns }) => netns },
  sketch: ({ netns }) => [{ draw: 'netns', netns }],
})

type State = {
  readonly inode: number | null
  readonly made: string | null
  readonly links: readonly string[]
  /** A plain file is in the place of the netns: what was left when an `ip netns add` or `delete` was killed. */
  readonly leftover: boolean
}

/** A netns made a moment ago. */
const fresh: State = { inode: 0, made: '', links: ['lo'], leftover: false }

const inTheWay = (netns: string): Plan =>
  conflict(
    `expected a netns ${netns} or nothing, found a plain file /run/netns/${netns}`,
    `an "ip netns add" or "delete" that was killed left it; if nobody is at it, remove it: ip netns delete ${netns}`,
  )

const gone = { inode: null, made: null }

/** Says whether a step moves a link out of a netns. */
function takes(earlier: Earlier, netns: string, name: string): boolean {
  const input = inputOf<LinkInput>(earlier, 'link')
  return input?.netns === netns && input.link === name && input.moveTo !== undefined
}

/** Links that a new netns has by itself, the second kind when the module of a tunnel is loaded. */
const ownLinks = /^(lo|(sit|tunl|ip6tnl|gre|gretap|erspan|ip6gre|ip_vti|ip6_vti)0)$/

/** The time of a netns is that of the kernel's last tick: up to 10 ms early. */
function isOfTime(made: string | null, { at }: Attempt): boolean {
  const after = Number(made) * 1000 - Date.parse(at ?? '')
  return Number.isNaN(after) || (after > -20 && after < 31_000)
}
