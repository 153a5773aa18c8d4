import { z } from 'zod'
import { ip } from '../core/command.ts'
import { listNetns, parseNetns } from '../core/fingerprint.ts'
import { netnsName } from '../core/net.ts'
import { netnsKey } from '../core/resource.ts'
import { defineStep, nothingToDo } from '../core/step.ts'

/**
 * Creates a named network namespace.
 *
 * Its inode tells it from another of the same name. Deleting only removes the name: a netns that a process still lives in
 * stays, with its links, until the process ends; so steps inside it are undone before it.
 *
 * @see ip-netns(8), network_namespaces(7)
 */
export default defineStep({
  type: 'netns',
  summary: 'Creates a named network namespace.',
  input: z.strictObject({ netns: netnsName }),
  resources: ({ netns }) => ({ creates: [netnsKey(netns)] }),
  probe: () => listNetns,
  observe: ({ stdout }, { netns }) => ({ inode: parseNetns(stdout)[netns] ?? null }),
  blank: () => ({ inode: 0 }),
  plan: ({ netns }, { inode }) =>
    inode === null
      ? { apply: [ip(undefined, 'netns', 'add', netns)], undo: [ip(undefined, 'netns', 'delete', netns)] }
      : nothingToDo,
  identity: ({ inode }) => inode,
  outputs: { inode: ({ inode }) => inode, netns: (_, { netns }) => netns },
})
