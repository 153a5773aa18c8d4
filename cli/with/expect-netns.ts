import { NsnetError } from '../../core/errors.ts'
import { lookWith } from '../../core/look.ts'
import { didYouMean } from '../../core/near.ts'
import { listed } from '../../core/problems.ts'
import type { Place } from '../../library/place.ts'

/** Expects that a netns is there in which a command is to run. @throws USAGE */
export async function expectNetns({ exec }: Place, name: string): Promise<void> {
  const there = Object.keys(await lookWith(exec()).netns())
  if (there.includes(name)) return
  const all = there.length === 0 ? 'there is none' : `there ${there.length === 1 ? 'is' : 'are'} ${listed(there)}`
  const message = `expected --netns with a netns that is there once all is set up, got "${name}"`
  throw new NsnetError('USAGE', message, didYouMean(name, there) ?? all)
}
