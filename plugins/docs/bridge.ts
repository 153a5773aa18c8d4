import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `bridge`. */
export const bridgeDocs: StepDocs = {
  details:
    'A bridge is a switch: it passes packets between its ports by their macs. "ports" puts links under it that ' +
    'are there already, such as ends of veths that earlier steps made; a step of the type "link" with "master" ' +
    'does so later, one by one.\n\n' +
    'Its mac is one of its own, so that it stays the same whatever ports come and go. Its MTU is the smallest ' +
    'of its ports, unless one is asked for. Undo deletes it, and its ports are of no bridge again; with a port ' +
    'that others gave it since, it is kept.\n\n' +
    'A link of that name that is of another kind or has other parameters fails the step; one that is as asked ' +
    'for satisfies it. Undo deletes the link, unless others changed it since or put links on it. The new link ' +
    'is down: a step of the type "link" sets it up.',
  examples: [
    { id: 'lan', uses: 'bridge', name: 'Two links on one bridge', with: { name: 'br0', ports: ['veth-a', 'veth-b'] } },
    {
      id: 'switch',
      uses: 'bridge',
      name: 'In a netns, safe against loops, quick to pass packets',
      with: { name: 'br0', netns: 'lab', stp: true, forwardDelay: 2, mtu: 1400 },
    },
  ],
  outputs: { mac: 'mac of the link', mtu: 'MTU of the link in bytes', ifindex: 'number of the link in its netns' },
  manual: ['ip-link(8)', 'bridge(8)'],
}
