import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `dns`. */
export const dnsDocs: StepDocs = {
  details:
    '"nameservers", "search" and "options" make /etc/netns/NAME/resolv.conf, "hosts" makes /etc/netns/NAME/hosts: "ip netns ' +
    'exec" mounts them over those of /etc for each command that it starts. Commands that run already keep what they had.\n\n' +
    'A file that is there gives way, and comes back at undo with its bytes, mode and owner; directories that were made go ' +
    'when nothing else is in them. The netns need not be there.',
  examples: [
    {
      id: 'names',
      uses: 'dns',
      name: 'Names are resolved by two servers, short ones in a domain',
      with: {
        netns: 'ns1',
        nameservers: ['192.0.2.1', '2001:db8::1'],
        search: ['lab.example.org'],
        options: ['timeout:1'],
      },
    },
    {
      id: 'hosts',
      uses: 'dns',
      name: 'The gateway has a name',
      with: { netns: 'ns1', hosts: { '10.0.0.1': ['gateway', 'gateway.lab'] } },
    },
  ],
  manual: ['ip-netns(8)', 'resolv.conf(5)', 'hosts(5)'],
}
