import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `iptables`. */
export const iptablesDocs: StepDocs = {
  details:
    'With "rule" it adds a rule to a chain; with "policy" it sets what a built-in chain does in the end; with neither it ' +
    'makes an own chain, which rules reach by "-j CHAIN".\n\n' +
    'A rule that says the same satisfies the step, whoever made it. The step’s own rule bears a comment with run and step, ' +
    'by which undo finds it. What iptables makes in passing (tables and base chains of iptables-nft) goes with it, unless ' +
    'others have put something into it. The kernel interface is that of the system’s iptables, nft or legacy.',
  examples: [
    {
      id: 'masquerade',
      uses: 'iptables',
      name: 'Outside, packets seem to come from the host',
      with: { table: 'nat', chain: 'POSTROUTING', rule: '-s 10.0.0.0/24 -o enp1s0 -j MASQUERADE' },
    },
    {
      id: 'forward-out',
      uses: 'iptables',
      name: 'Packets of the netns may leave, before any rule that drops them',
      with: { chain: 'FORWARD', rule: '-i veth-host -o enp1s0 -j ACCEPT', position: 1 },
    },
    { id: 'own-chain', uses: 'iptables', name: 'A chain of your own', with: { chain: 'lab' } },
    {
      id: 'closed',
      uses: 'iptables',
      name: 'A netns that takes no IPv6 packets but those that a rule accepts',
      with: { netns: 'ns1', family: 'ipv6', chain: 'INPUT', policy: 'DROP' },
    },
  ],
  manual: ['iptables(8)', 'iptables-extensions(8)', 'iptables-save(8)'],
}
