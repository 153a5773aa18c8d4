import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `neigh`. */
export const neighDocs: StepDocs = {
  details:
    'With "mac" the kernel sends packets for the address there without asking (ARP, neighbour discovery). With "proxy" the ' +
    'link answers others who ask for the address; net.ipv4.conf.LINK.forwarding or net.ipv6.conf.LINK.proxy_ndp have to ' +
    'be 1 for that.\n\n' +
    'What the kernel has learnt of the address gives way, and is learnt anew after undo. Another permanent entry fails the ' +
    'step, unless "replace" is true. All entries of a link go when it is set down.',
  examples: [
    {
      id: 'gateway',
      uses: 'neigh',
      name: 'Nobody can pretend to be the gateway',
      with: { netns: 'ns1', link: 'veth-ns', address: '10.0.0.1', mac: '02:00:00:00:00:01' },
    },
    {
      id: 'stand-in',
      uses: 'neigh',
      name: 'The host answers for an address behind it',
      with: { link: 'veth-host', address: '10.0.0.9', proxy: true },
    },
  ],
  manual: ['ip-neighbour(8)', 'arp(7)'],
}
