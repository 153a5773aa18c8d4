import { z } from 'zod'
import { ip } from '../core/command.ts'
import { listNetns, parseNetns } from '../core/fingerprint.ts'
import { netnsName } from '../core/net.ts'
import { netnsKey } from '../core/resource.ts'
import { defineStep, nothingToDo, type Attempt } from '../core/step.ts'
import { parseLinks } from './lib/ip-json.ts'

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
  input: z.strictObject({ netns: netnsName }),
  resources: ({ netns }) => ({ creates: [netnsKey(netns)] }),
  // `ip` ends with 255 where there is no such netns
  probe: ({ netns }) => [listNetns, { ...ip(netns, '-json', 'link', 'show'), okExits: [0, 255] }],
  observe({ stdout }, { netns }, { outputs }): State {
    const { [netns]: id = gone } = parseNetns(stdout)
    return { ...id, links: parseLinks(outputs[1]?.stdout ?? '').map(({ ifname }) => ifname) }
  },
  blank: (): State => ({ inode: 0, made: '', links: ['lo'] }),
  plan: ({ netns }, { inode }) =>
    inode === null
      ? { apply: [ip(undefined, 'netns', 'add', netns)], undo: [ip(undefined, 'netns', 'delete', netns)] }
      : nothingToDo,
  identity: ({ inode, made }) => (inode === null ? null : `${inode} of ${made}`),
  mine: (_input, _before, { made }, attempt) => !attempt.refused && isOfTime(made, attempt),
  drift(_, after, { links }) {
    const guests = links.filter((link) => !after?.links.includes(link) && !ownLinks.test(link))
    return guests.length === 0 ? undefined : `${guests.join(', ')} ${guests.length === 1 ? 'is' : 'are'} in it`
  },
  outputs: { inode: ({ inode }) => inode, netns: (_, { netns }) => netns },
})

type State = { readonly inode: number | null; readonly made: string | null; readonly links: readonly string[] }

const gone = { inode: null, made: null }

/** Links that a new netns has by itself, the second kind when the module of a tunnel is loaded. */
const ownLinks = /^(lo|(sit|tunl|ip6tnl|gre|gretap|erspan|ip6gre|ip_vti|ip6_vti)0)$/

/** The time of a netns is that of the kernel's last tick: up to 10 ms early. */
function isOfTime(made: string | null, { at }: Attempt): boolean {
  const after = Number(made) * 1000 - Date.parse(at ?? '')
  return Number.isNaN(after) || (after > -20 && after < 31_000)
}
