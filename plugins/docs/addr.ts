import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `addr`. */
export const addrDocs: StepDocs = {
  details:
    'The link has to be there, up or down. With the address comes a route to its prefix, as soon as the link is up. An ' +
    'IPv6 address cannot be used for 1 to 2 s, until duplicate address detection is over, unless "nodad" is true.\n\n' +
    'The same address that is there already satisfies the step; one that differs in what is asked for fails it. Undo ' +
    'removes the address and keeps those of others in the same prefix, which the kernel would drop with it.',
  examples: [
    {
      id: 'host-address',
      uses: 'addr',
      name: 'The address of the host on the cable',
      with: { link: 'veth-host', address: '10.0.0.1/24' },
    },
    {
      id: 'address6',
      uses: 'addr',
      name: 'An IPv6 address that can be used at once',
      with: { netns: 'ns1', link: 'veth-ns', address: '2001:db8::2/64', nodad: true },
    },
    {
      id: 'second',
      uses: 'addr',
      name: 'A second address, with label and broadcast address',
      with: { link: 'veth-host', address: '10.0.1.1/24', broadcast: '+', label: 'veth-host:1', scope: 'global' },
    },
    {
      id: 'point-to-point',
      uses: 'addr',
      name: 'An address with that of the other end',
      with: { link: 'veth-host', address: '10.0.2.1/32', peer: '10.0.2.2' },
    },
  ],
  outputs: {
    address: 'the address without its prefix length',
    prefix: 'the prefix that the address is in',
  },
  manual: ['ip-address(8)', 'https://docs.kernel.org/networking/ip-sysctl.html'],
}
