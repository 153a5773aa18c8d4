import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `vxlan`. */
export const vxlanDocs: StepDocs = {
  details:
    'A VXLAN carries an Ethernet in UDP packets over an IP network (RFC 7348). Packets go to "remote", or to ' +
    'all of a multicast "group", until it has learned which mac is behind which end.\n\n' +
    'The outer packets are sent in the netns "linkNetns", without it in the one that nsnet runs in, wherever ' +
    'the link is born. Only one VXLAN of a netns has the same "id" and port. Its MTU is 50 bytes below that of ' +
    '"link" (70 with IPv6), and 1500 without one: smaller packets then need "mtu".\n\n' +
    'A link of that name that is of another kind or has other parameters fails the step; one that is as asked ' +
    'for satisfies it. Undo deletes the link, unless others changed it since or put links on it. The new link ' +
    'is down: a step of the type "link" sets it up.',
  examples: [
    {
      id: 'segment',
      uses: 'vxlan',
      name: 'A segment to another host',
      with: { name: 'vx0', id: 42, remote: '192.0.2.2', local: '192.0.2.1', link: 'enp1s0' },
    },
    {
      id: 'flood',
      uses: 'vxlan',
      name: 'In a netns, to a multicast group',
      with: {
        name: 'vx0',
        netns: 'ns1',
        id: 7,
        group: '239.1.1.1',
        link: 'eth0',
        linkNetns: 'ns1',
        port: 8472,
        mtu: 1400,
      },
    },
  ],
  outputs: { mac: 'mac of the link', mtu: 'MTU of the link in bytes', ifindex: 'number of the link in its netns' },
  manual: ['ip-link(8)', 'https://docs.kernel.org/networking/vxlan.html'],
}
