import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `vlan`. */
export const vlanDocs: StepDocs = {
  details:
    'A VLAN link gets the packets with one tag from its lower link, and tags those that it sends.\n\n' +
    '"link" is looked for in the netns that nsnet runs in, also when "netns" says where the new link is born; ' +
    '"linkNetns" names another one. Its MTU is that of the lower link.\n\n' +
    'A link of that name that is of another kind or has other parameters fails the step; one that is as asked ' +
    'for satisfies it. Undo deletes the link, unless others changed it since or put links on it. The new link ' +
    'is down: a step of the type "link" sets it up.',
  examples: [
    {
      id: 'office',
      uses: 'vlan',
      name: 'VLAN 5 of a trunk, for a netns',
      with: { name: 'office', netns: 'ns1', link: 'enp1s0', id: 5 },
    },
    {
      id: 'outer',
      uses: 'vlan',
      name: 'The outer tag of a provider',
      with: {
        name: 'provider',
        netns: 'lab',
        link: 'trunk',
        linkNetns: 'lab',
        mtu: 1496,
        id: 100,
        protocol: '802.1ad',
      },
    },
  ],
  outputs: { mac: 'mac of the link', mtu: 'MTU of the link in bytes', ifindex: 'number of the link in its netns' },
  manual: ['ip-link(8)'],
}
