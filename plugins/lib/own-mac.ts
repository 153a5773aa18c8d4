import { createHash } from 'node:crypto'
import { ofText } from '../../core/memo.ts'
import { tagOf, type Context } from '../../core/step.ts'
import type { MadeInput } from './made-input.ts'
import { madeKinds } from './made-kinds.ts'

/** Makes a mac of a text (the tag of a run's step): locally administered, unicast, the same for the same text. */
export const macOf = ofText((text): string => {
  const [first = 0, ...rest] = createHash('sha256').update(text).digest().subarray(0, 6)
  return [(first & 0xfc) | 0x02, ...rest].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
})

/** Says whether the mac of a link tells that this very step made it. */
export const isMarked = (type: string, wanted: MadeInput): boolean =>
  wanted.mac === undefined && madeKinds[type]!.hasOwnMac(wanted)

/** The mac that a step gives its link: the one that is asked for, or one made of run and step; undefined where the kernel does. */
export const macFor = (type: string, wanted: MadeInput, context: Context): string | undefined =>
  isMarked(type, wanted) ? macOf(tagOf(context)) : wanted.mac

/** Makes a number of a text, from 2^30 on and below 2^31: the group of a link that is only half made. */
export const groupOf = ofText((text): number => {
  const digest = createHash('sha256').update(text).digest()
  return 2 ** 30 + (digest.readUInt32BE(0) >>> 2)
})
