import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `nftset`. */
export const nftsetDocs: StepDocs = {
  details:
    'The table has to be there; the set is made where it is not. Of "elements" those are added that are missing. What others ' +
    'have in the set stays, at undo too; while they have elements in it, or rules name it, the set itself stays.\n\n' +
    'A set of that name with another type, without the flags asked for, or whose elements do not stay as they are ' +
    '("timeout", "auto-merge") fails the step. What the step made bears a comment with run and step.',
  examples: [
    {
      id: 'allowed',
      uses: 'nftset',
      name: 'Who may pass, for rules with "ip saddr @allowed"',
      with: {
        family: 'inet',
        table: 'lab',
        name: 'allowed',
        type: 'ipv4_addr',
        flags: ['interval'],
        elements: ['10.0.0.0/24', '192.0.2.7', '192.0.2.10-192.0.2.20'],
      },
    },
    {
      id: 'doors',
      uses: 'nftset',
      name: 'Addresses with a port each',
      with: {
        netns: 'ns1',
        table: 'filter',
        name: 'doors',
        type: 'ipv4_addr . inet_service',
        elements: ['10.0.0.2 . 22', '10.0.0.3 . 443'],
      },
    },
  ],
  manual: ['nft(8)'],
}
