import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `ipvlan`. */
export const ipvlanDocs: StepDocs = {
  details:
    'An ipvlan shares the mac of its lower link, for networks that allow a port one mac only; packets are told ' +
    'apart by their addresses. A lower link has either macvlans or ipvlans, and the latter all of one mode.\n\n' +
    '"link" is looked for in the netns that nsnet runs in, also when "netns" says where the new link is born; ' +
    '"linkNetns" names another one. Its MTU is that of the lower link.\n\n' +
    'A link of that name that is of another kind or has other parameters fails the step; one that is as asked ' +
    'for satisfies it. Undo deletes the link, unless others changed it since or put links on it. The new link ' +
    'is down: a step of the type "link" sets it up.',
  examples: [
    {
      id: 'lan',
      uses: 'ipvlan',
      name: 'Puts a netns on the wire of the uplink, with its mac',
      with: { name: 'eth0', netns: 'ns1', link: 'enp1s0', mode: 'l3' },
    },
  ],
  outputs: { mac: 'mac of the link', mtu: 'MTU of the link in bytes', ifindex: 'number of the link in its netns' },
  manual: ['ip-link(8)'],
}
