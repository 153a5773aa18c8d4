import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `veth`. */
export const vethDocs: StepDocs = {
  details:
    'A veth is a virtual cable: what goes in at one end comes out at the other. Each end is born in its netns, and both are ' +
    'down: steps of the type "link" set them up.\n\n' +
    'Two such links that are there already, each the other’s peer and with the mac and MTU that are asked for, satisfy the ' +
    'step; a link of one of the names that is something else fails it. Undo deletes both ends, also when one was renamed.',
  examples: [
    {
      id: 'cable',
      uses: 'veth',
      name: 'A virtual cable from the host into the netns',
      with: { name: 'veth-host', peer: { name: 'veth-ns', netns: 'ns1' } },
    },
    {
      id: 'jumbo',
      uses: 'veth',
      name: 'Between two netns, for large packets, with macs of your choice',
      with: {
        name: 'eth0',
        netns: 'left',
        mtu: 9000,
        mac: '02:00:00:00:00:01',
        peer: { name: 'eth0', netns: 'right', mtu: 9000, mac: '02:00:00:00:00:02' },
      },
    },
  ],
  outputs: {
    mac: 'mac of the end "name"',
    peerMac: 'mac of the end "peer"',
    ifindex: 'number of the end "name" in its netns',
  },
  manual: ['veth(4)', 'ip-link(8)'],
}
