import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `nftables`. */
export const nftablesDocs: StepDocs = {
  details:
    'With "ruleset" it makes a whole table; with "table", "chain" and "rule" it adds a rule to a chain that is there. The ' +
    'kernel takes all of a ruleset or nothing.\n\n' +
    'A table or rule that says the same satisfies the step; a table of that name with another content fails it. What the ' +
    'step made bears a comment with run and step, and undo deletes it by its handle. Tables of iptables-nft are left to ' +
    'the step type "iptables".',
  examples: [
    {
      id: 'lab',
      uses: 'nftables',
      name: 'Outside, packets seem to come from the host',
      with: {
        ruleset: [
          'table ip lab {',
          '  chain postrouting {',
          '    type nat hook postrouting priority srcnat;',
          '    ip saddr 10.0.0.0/24 oifname "enp1s0" masquerade',
          '  }',
          '}',
        ],
      },
    },
    {
      id: 'let-pass',
      uses: 'nftables',
      name: 'A rule before all others of a chain that is there',
      with: {
        netns: 'ns1',
        family: 'inet',
        table: 'filter',
        chain: 'forward',
        rule: 'iifname "veth-host" accept',
        position: 'first',
      },
    },
  ],
  manual: ['nft(8)'],
}
