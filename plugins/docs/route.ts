import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `route`. */
export const routeDocs: StepDocs = {
  details:
    'A route needs a gateway in "via", a link in "dev", or both, and the link has to be up. The kernel keeps one route for ' +
    'each destination, metric and table; of several to one destination it takes the one with the lowest metric.\n\n' +
    'A route that does what is asked for satisfies the step. Another one in its place fails it, unless "replace" is true: ' +
    'then it is put back at undo.',
  examples: [
    {
      id: 'default-route',
      uses: 'route',
      name: 'What is not local goes to the host',
      with: { netns: 'ns1', to: 'default', via: '10.0.0.1' },
    },
    {
      id: 'lab',
      uses: 'route',
      name: 'A way to a prefix, in a table of its own',
      with: { to: '192.0.2.0/24', via: '10.0.0.2', dev: 'veth-host', src: '10.0.0.1', metric: 100, table: 100 },
    },
    {
      id: 'nowhere',
      uses: 'route',
      name: 'Packets to a prefix are refused, whatever route was there',
      with: { to: '2001:db8:bad::/48', type: 'unreachable', replace: true },
    },
    {
      id: 'gateway6',
      uses: 'route',
      name: 'An IPv6 default route by a gateway that no other route leads to',
      with: { to: 'default', family: 'ipv6', via: '2001:db8:ffff::1', dev: 'veth-host', onlink: true },
    },
  ],
  outputs: {
    via: 'gateway of the route; null when it has none',
    dev: 'link that the packets leave by; null when they leave by none',
    metric: 'metric of the route',
  },
  manual: ['ip-route(8)', 'rtnetlink(7)'],
}
