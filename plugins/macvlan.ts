import { z } from 'zod'
import { choice } from '../core/choice.ts'
import { macvlanDocs } from './docs/macvlan.ts'
import { common, lower, ownMac } from './lib/made-input.ts'
import { madeLink } from './lib/made-link.ts'

const input = z
  .strictObject({
    ...common,
    ...lower,
    mac: ownMac,
    mode: choice('what the macvlans of one lower link are to each other', {
      bridge: 'they reach each other directly',
      private: 'they never reach each other',
      vepa: 'they reach each other by the switch outside, when it sends packets back',
      passthru: 'it is the only one, and has the mac of the lower link',
    }).default('bridge'),
  })
  .refine(({ mode, mac }) => mode !== 'passthru' || mac === undefined, {
    error: 'expected no mac with the mode "passthru": it has the one of the lower link',
    path: ['mac'],
  })

/**
 * Creates a macvlan: a link with a mac of its own whose packets go through a lower link. The lower link itself does not
 * reach it, nor is reached.
 *
 * @see ip-link(8)
 */
export default madeLink({
  type: 'macvlan',
  summary: 'Creates a macvlan: a link with a mac of its own on a lower link.',
  docs: macvlanDocs,
  input,
  home: ({ linkNetns }) => linkNetns,
  words: ({ mode }) => ['mode', mode],
  asks: ({ mode }) => ({ mode }),
  sees: ({ mode }) => ({ mode: mode ?? null }),
  followsMtu: true,
  module: 'macvlan',
})
