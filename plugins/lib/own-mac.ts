import { createHash } from 'node:crypto'
import { ofText } from '../../core/memo.ts'

/** Makes a mac of a text (the tag of a run's step): locally administered, unicast, the same for the same text. */
export const macOf = ofText((text): string => {
  const [first = 0, ...rest] = createHash('sha256').update(text).digest().subarray(0, 6)
  return [(first & 0xfc) | 0x02, ...rest].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
})

/** Makes a number of a text, from 2^30 on and below 2^31: the group of a link that is only half made. */
export const groupOf = ofText((text): number => {
  const digest = createHash('sha256').update(text).digest()
  return 2 ** 30 + (digest.readUInt32BE(0) >>> 2)
})
