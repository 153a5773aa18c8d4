import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `netns`. */
export const netnsDocs: StepDocs = {
  details:
    'A network namespace has links, addresses, routes, sysctls and firewall rules of its own. A new one has nothing but ' +
    'the link "lo", which is down.\n\n' +
    'A netns that is there already satisfies the step, and undo leaves it. Undo deletes the netns that the step made, told ' +
    'by its inode, unless others have put a link into it. Processes in it go on until they end.',
  examples: [{ id: 'blue', uses: 'netns', name: 'An isolated network stack', with: { netns: 'blue' } }],
  outputs: {
    netns: 'name of the netns',
    inode: 'inode of the netns, as "ls -i /run/netns" prints it',
  },
  manual: ['ip-netns(8)', 'network_namespaces(7)'],
}
