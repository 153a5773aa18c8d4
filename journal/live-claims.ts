import { claimsOf, type Claim } from '../core/claims.ts'
import { NsnetError } from '../core/errors.ts'
import type { RunStarted } from '../core/events.ts'
import type { Summary } from './index.ts'
import type { Journals } from './journals.ts'
import { allOf } from '../core/all-of.ts'
import { AT_ONCE } from './moments.ts'

/** Lists what the live runs among these claim, of the boot and in the netns of one run, without its own claims. */
export async function liveClaims(
  runs: readonly Summary[],
  { run, facts }: RunStarted,
  { fold }: Journals,
): Promise<readonly Claim[]> {
  const live = runs.filter(({ id, boot, holding, ours }) => id !== run && boot === facts.boot && holding + ours > 0)
  const claims = await allOf(live, AT_ONCE, async ({ id }) => {
    // a journal that was deleted meanwhile claimed nothing
    const folded = await fold(id).catch(ifGone)
    return folded?.moment.run.started.facts.netns === facts.netns ? claimsOf(folded.moment) : []
  })
  return claims.flat()
}

function ifGone(error: unknown): undefined {
  if (error instanceof NsnetError && error.code === 'RUN_NOT_FOUND') return undefined
  throw error
}
