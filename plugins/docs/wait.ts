import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `wait`. */
export const waitDocs: StepDocs = {
  details:
    'One fact is looked for, every "every" seconds, until it holds or "within" seconds are over; then the step fails and says ' +
    'what it saw last. It changes nothing, and undo has nothing to do.\n\n' +
    'A link or a file that is not there yet is waited for too. Of "tcp" one try takes at most 2 seconds; to find out why ' +
    'somebody cannot be reached, use "check".',
  examples: [
    {
      id: 'carrier',
      uses: 'wait',
      name: 'The cable is plugged in',
      with: { netns: 'ns1', link: 'veth-ns', state: 'carrier' },
    },
    {
      id: 'usable',
      uses: 'wait',
      name: 'The address has left duplicate address detection',
      with: { netns: 'ns1', link: 'veth-ns', address: '2001:db8::2', within: 5 },
    },
    {
      id: 'server',
      uses: 'wait',
      name: 'A server comes up within a minute',
      with: { netns: 'ns1', tcp: '10.0.0.1:80', within: 60, every: 1 },
    },
    { id: 'ready', uses: 'wait', name: 'Somebody says that all is ready', with: { file: '/run/lab/ready' } },
  ],
  outputs: { summary: 'what was seen, in words' },
  manual: ['ip-link(8)', 'ip-address(8)', 'tcp(7)'],
}
