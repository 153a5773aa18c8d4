import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `sysctl`. */
export const sysctlDocs: StepDocs = {
  details:
    'Each netns has values of its own for most of what is below "net". The first "." or "/" of a key decides what parts it: ' +
    'a link such as eth0.5, with a "." in its name, is written with "/".\n\n' +
    'Some parameters rewrite others: net.ipv4.ip_forward the forwarding and redirects of every link, disable_ipv6 drops ' +
    'addresses and routes. Undo puts all of it back. A parameter that cannot be read back is not set.',
  examples: [
    {
      id: 'forwarding',
      uses: 'sysctl',
      name: 'The host passes packets on between its links',
      with: { key: 'net.ipv4.ip_forward', value: 1 },
    },
    {
      id: 'loose',
      uses: 'sysctl',
      name: 'A link of a netns takes packets of any source',
      with: { netns: 'ns1', key: 'net/ipv4/conf/eth0.5/rp_filter', value: 0 },
    },
  ],
  outputs: { value: 'the value, as the kernel prints it' },
  manual: ['sysctl(8)', 'https://docs.kernel.org/networking/ip-sysctl.html'],
}
