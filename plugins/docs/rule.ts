import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `rule`. */
export const ruleDocs: StepDocs = {
  details:
    'Rules are asked one after another, those with the lowest "priority" first, until one decides. What is named has to ' +
    'match all together; a rule that names nothing matches every packet.\n\n' +
    'An equal rule satisfies the step: one of the same priority, or of any where the step has none. Links in "iif" and ' +
    '"oif" need not be there. Undo deletes precisely this rule.',
  examples: [
    {
      id: 'by-sender',
      uses: 'rule',
      name: 'Packets of a prefix go by a routing table of their own',
      with: { from: '10.0.0.0/24', table: 100, priority: 1000 },
    },
    {
      id: 'marked',
      uses: 'rule',
      name: 'Packets without the mark get no default route of the main table',
      with: { netns: 'ns1', not: true, fwmark: '0x10/0xff', table: 'main', suppressPrefixlength: 0 },
    },
    {
      id: 'no-mail',
      uses: 'rule',
      name: 'Nobody behind the cable sends mail to a prefix',
      with: {
        family: 'ipv4',
        iif: 'veth-host',
        to: '192.0.2.0/24',
        ipproto: 'tcp',
        dport: 25,
        action: 'prohibit',
        priority: 900,
      },
    },
  ],
  outputs: { priority: 'priority of the rule' },
  manual: ['ip-rule(8)', 'ip-route(8)'],
}
