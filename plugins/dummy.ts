import { z } from 'zod'
import { dummyDocs } from './docs/dummy.ts'
import { common, ownMac } from './lib/made-input.ts'
import { madeLink } from './lib/made-link.ts'

/**
 * Creates a dummy: a link that takes every packet and passes none on; a place for addresses that are always there.
 *
 * @see ip-link(8)
 */
export default madeLink({
  type: 'dummy',
  summary: 'Creates a dummy: a link that leads nowhere.',
  docs: dummyDocs,
  input: z.strictObject({ ...common, mac: ownMac }),
  home: ({ netns }) => netns,
  words: () => [],
  asks: () => ({}),
  sees: () => ({}),
  followsMtu: false,
  module: 'dummy',
})
