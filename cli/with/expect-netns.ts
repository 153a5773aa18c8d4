import { NsnetError } from '../../core/errors.ts'
import { didYouMean } from '../../core/near.ts'
import { listed } from '../../core/problems.ts'
import type { Place } from '../../library/place.ts'
import { namedNetns } from '../exec/netns.ts'

/** Expects that a netns is there in which a command is to run. @throws USAGE; TOOL_MISSING, TOOL_FAILED */
export async function expectNetns({ exec }: Place, name: string): Promise<void> {
  const there = Object.keys(await namedNetns(exec()))
  if (there.includes(name)) return
  const all = there.length === 0 ? 'there is none' : `there ${there.length === 1 ? 'is' : 'are'} ${listed(there)}`
  const message = `expected --netns with a netns that is there once all is set up, got "${name}"`
  throw new NsnetError('USAGE', message, didYouMean(name, there) ?? all)
}
