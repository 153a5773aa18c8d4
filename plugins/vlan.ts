import { z } from 'zod'
import { choice } from '../core/choice.ts'
import { vlanDocs } from './docs/vlan.ts'
import { common, kernelsMac, lower } from './lib/made-input.ts'
import { madeLink } from './lib/made-link.ts'

const range = { error: 'expected an integer from 1 to 4094' }

const input = z.strictObject({
  ...common,
  ...lower,
  mac: kernelsMac('that of the lower link'),
  id: z
    .int(range)
    .min(1, range)
    .max(4094, range)
    .meta({ description: 'number of the VLAN, in the tag of each packet: 1 to 4094', examples: [5] }),
  protocol: choice('the kind of tag', {
    '802.1Q': 'the usual tag, of customers',
    '802.1ad': 'the outer tag of a provider (QinQ)',
  }).default('802.1Q'),
})

/**
 * Creates a VLAN: a link that gets the packets with one tag (IEEE 802.1Q) from a lower link, and tags those that it sends.
 *
 * @see ip-link(8)
 */
export default madeLink({
  type: 'vlan',
  summary: 'Creates a VLAN: a link for the tagged packets of a lower link.',
  docs: vlanDocs,
  input,
  home: ({ linkNetns }) => linkNetns,
  words: ({ protocol, id }) => ['protocol', protocol, 'id', `${id}`],
  asks: ({ protocol, id }) => ({ id, protocol }),
  sees: ({ protocol, id }) => ({ id: id ?? null, protocol: protocol ?? null }),
  followsMtu: true,
  module: '8021q',
})
