import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `dummy`. */
export const dummyDocs: StepDocs = {
  details:
    'A dummy takes every packet and passes none on: a place for addresses that do not depend on any cable.\n\n' +
    'A link of that name that is of another kind or has other parameters fails the step; one that is as asked ' +
    'for satisfies it. Undo deletes the link, unless others changed it since or put links on it. The new link ' +
    'is down: a step of the type "link" sets it up.',
  examples: [
    {
      id: 'service',
      uses: 'dummy',
      name: 'A link for the address of a service',
      with: { name: 'svc0', netns: 'ns1', mtu: 9000 },
    },
  ],
  outputs: { mac: 'mac of the link', mtu: 'MTU of the link in bytes', ifindex: 'number of the link in its netns' },
  manual: ['ip-link(8)'],
}
