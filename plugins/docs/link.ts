import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `link`. */
export const linkDocs: StepDocs = {
  details:
    'The link has to be there; what is not named stays as it is. At least one of "state", "mtu", "mac", "alias", "master" ' +
    'and "moveTo" is needed.\n\n' +
    'Undo puts back each of them, and what the kernel dropped on the way: the static routes and IPv6 addresses of a link ' +
    'that was set down, all of the IPv6 of one whose MTU was below 1280. A link with addresses, routes or a bridge is not ' +
    'moved, because a move loses them.',
  examples: [
    {
      id: 'netns-up',
      uses: 'link',
      name: 'Sets the end in the netns up',
      with: { netns: 'ns1', link: 'veth-ns', state: 'up' },
    },
    {
      id: 'port',
      uses: 'link',
      name: 'Makes a link a port of a bridge, with a note and smaller packets',
      with: { link: 'veth-host', master: 'br0', alias: 'to the lab', mtu: 1400 },
    },
    { id: 'give', uses: 'link', name: 'Gives a link to a netns', with: { link: 'enp7s0', moveTo: 'ns1', state: 'up' } },
  ],
  outputs: {
    mac: 'mac of the link',
    mtu: 'MTU of the link in bytes',
    ifindex: 'number of the link in its netns',
    netns: 'netns that the link is in now; null when it is the one that nsnet runs in',
  },
  manual: ['ip-link(8)', 'bridge(8)', 'rtnetlink(7)'],
}
