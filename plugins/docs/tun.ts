import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `tun`. */
export const tunDocs: StepDocs = {
  details:
    'A tun (of IP packets) or tap (of Ethernet frames) is a link whose other end is a program: a VPN, a ' +
    'virtual machine. It is there also while no program has it open; one that has it open does not keep undo ' +
    'from deleting it.\n\n' +
    'A link of that name that is of another kind or has other parameters fails the step; one that is as asked ' +
    'for satisfies it. Undo deletes the link, unless others changed it since or put links on it. The new link ' +
    'is down: a step of the type "link" sets it up.',
  examples: [
    {
      id: 'vpn',
      uses: 'tun',
      name: 'A tun that an ordinary user may open',
      with: { name: 'tun0', mode: 'tun', netns: 'ns1', user: 'nobody', mtu: 1400 },
    },
    {
      id: 'vm',
      uses: 'tun',
      name: 'A tap for a virtual machine',
      with: { name: 'tap0', mode: 'tap', mac: '02:00:00:00:00:01' },
    },
  ],
  outputs: {
    mac: 'mac of the link; null with the mode "tun"',
    mtu: 'MTU of the link in bytes',
    ifindex: 'number of the link in its netns',
  },
  manual: ['ip-tuntap(8)', 'https://docs.kernel.org/networking/tuntap.html'],
}
