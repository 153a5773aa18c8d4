import { equal } from '../core/json.ts'
import { wireguardDocs } from './docs/wireguard.ts'
import { madeLink } from './lib/made-link.ts'
import { input } from './lib/wireguard-input.ts'
import { configure, wireguardAsks, wireguardProbes, wireguardSees } from './lib/wireguard-state.ts'

/**
 * Creates a WireGuard tunnel: a link whose packets go encrypted, in UDP, to the peers that their addresses belong to.
 *
 * The encrypted packets are sent in the netns that the link is made from, whatever netns it is in: so a netns can have a
 * tunnel as its only way out. Keys go to `wg` by stdin alone, and are not part of what is observed.
 *
 * @see wg(8), https://www.wireguard.com/netns/
 */
export default madeLink({
  type: 'wireguard',
  summary: 'Creates a WireGuard tunnel, with its keys and peers.',
  docs: wireguardDocs,
  input,
  home: ({ outerNetns }) => outerNetns,
  words: () => [],
  probes: wireguardProbes,
  asks: wireguardAsks,
  sees: (_, wanted, look) => wireguardSees(wanted, look),
  finish(wanted, now) {
    const asked = Object.entries(wireguardAsks(wanted))
    return now !== null && asked.every(([what, value]) => equal(value, now.params[what])) ? [] : [configure(wanted)]
  },
  finishes: ['publicKey', 'listenPort', 'peers'],
  keeps: 'publicKey',
  followsMtu: false,
  module: 'wireguard',
})
