import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `macvlan`. */
export const macvlanDocs: StepDocs = {
  details:
    'A macvlan is a link of its own on the wire of a lower link, with another mac. The lower link itself and ' +
    'its macvlans do not reach each other.\n\n' +
    '"link" is looked for in the netns that nsnet runs in, also when "netns" says where the new link is born; ' +
    '"linkNetns" names another one. Its MTU is that of the lower link.\n\n' +
    'A link of that name that is of another kind or has other parameters fails the step; one that is as asked ' +
    'for satisfies it. Undo deletes the link, unless others changed it since or put links on it. The new link ' +
    'is down: a step of the type "link" sets it up.',
  examples: [
    {
      id: 'lan',
      uses: 'macvlan',
      name: 'Puts a netns on the wire of the uplink',
      with: { name: 'eth0', netns: 'ns1', link: 'enp1s0' },
    },
    {
      id: 'apart',
      uses: 'macvlan',
      name: 'Between links of one netns that do not reach each other',
      with: { name: 'mv0', netns: 'ns1', link: 'lan0', linkNetns: 'ns1', mode: 'private' },
    },
  ],
  outputs: { mac: 'mac of the link', mtu: 'MTU of the link in bytes', ifindex: 'number of the link in its netns' },
  manual: ['ip-link(8)'],
}
