import { z } from 'zod'
import { choice } from '../core/choice.ts'
import { ipvlanDocs } from './docs/ipvlan.ts'
import { common, lower } from './lib/made-input.ts'
import { madeLink } from './lib/made-link.ts'

const input = z.strictObject({
  ...common,
  ...lower,
  mode: choice('which packets it takes', {
    l2: 'those to its addresses; it answers ARP and neighbor discovery itself, broadcasts reach it',
    l3: 'those that are routed to its addresses; it hears no broadcasts and no multicasts',
    l3s: 'as l3, and they pass the netfilter of the lower link’s netns',
  }).default('l2'),
})

/**
 * Creates an ipvlan: a link that shares the mac of its lower link, told from others by its addresses. A link cannot have
 * ipvlans of two modes, nor macvlans beside them.
 *
 * @see ip-link(8), https://docs.kernel.org/networking/ipvlan.html
 */
export default madeLink({
  type: 'ipvlan',
  summary: 'Creates an ipvlan: a link that shares the mac of a lower link.',
  docs: ipvlanDocs,
  input,
  home: ({ linkNetns }) => linkNetns,
  words: ({ mode }) => ['mode', mode],
  asks: ({ mode }) => ({ mode }),
  sees: ({ mode }) => ({ mode: mode ?? null }),
  followsMtu: true,
  module: 'ipvlan',
  needs: 'the mode "l3s" takes one with CONFIG_IPVLAN_L3S',
})
