import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `check`. */
export const checkDocs: StepDocs = {
  details:
    'Either "ping" or "tcp" is needed. The check is tried again, every "every" seconds, until it succeeds or "within" ' +
    'seconds are over. It changes nothing, and undo has nothing to do.\n\n' +
    'A check that fails says why as far as it can be seen: the chains that drop packets on the way, in every netns they ' +
    'pass, a missing route, a name that is not known. Names are resolved as in the netns: by /etc/netns/NAME/resolv.conf, ' +
    'else by /etc/resolv.conf.',
  examples: [
    {
      id: 'internet',
      uses: 'check',
      name: 'The netns reaches the internet',
      with: { netns: 'ns1', ping: 'example.org', count: 4 },
    },
    {
      id: 'web',
      uses: 'check',
      name: 'A server comes up within a minute',
      with: { tcp: 'example.org:443', family: 'ipv4', within: 60, every: 2, timeout: 5 },
    },
    {
      id: 'other-address',
      uses: 'check',
      name: 'The gateway answers a second address, at once',
      with: { netns: 'ns1', ping: '10.0.1.1', source: '10.0.1.2', within: 0 },
    },
  ],
  outputs: {
    summary: 'what came of it, in words',
    loss: 'packets that were not answered, in percent; null with "tcp"',
    min: 'shortest round trip in milliseconds; null with "tcp"',
    avg: 'average round trip in milliseconds; null with "tcp"',
    max: 'longest round trip in milliseconds; null with "tcp"',
    ms: 'milliseconds until the connection stood; null with "ping"',
  },
  manual: ['ping(8)', 'tcp(7)', 'ip-netns(8)'],
}
