import type { Failure } from '../events.ts'
import type { Json } from '../json.ts'
import { lookWith, type Look, type NetnsIds } from '../look.ts'
import type { Ports } from '../ports.ts'
import { settle } from '../wait.ts'
import { failureOf, type Subject } from './subject.ts'

/** What is seen of a step; `left` says what is still to do, nothing when it is as it should be. */
export interface Sight {
  readonly state: Json
  readonly left: string
  /** nsnet could not look. */
  readonly failure?: Failure
}

/** What is seen of several steps by one look. */
export interface Sights {
  readonly of: (subject: Subject) => Sight
  readonly netns: NetnsIds
  /** The last look: it was taken when all commands had ended. */
  readonly look: Look
}

/** A step and what was seen of it. */
export interface Seen {
  readonly subject: Subject
  readonly now: Json
}

/** How to look at steps, and what to make of it. */
export interface HowToLook {
  readonly observe: (look: Look, subject: Subject) => Promise<Json>
  /** Says of each step what it means. */
  readonly judge: (seen: readonly Seen[]) => readonly Sight[]
  readonly isWorthWaiting: (subject: Subject) => boolean
}

/** Judges a step by `judge`; one whose type breaks at that counts as not seen. */
export function sightBy(judge: () => Sight): Sight {
  try {
    return judge()
  } catch (error) {
    return unseen(failureOf(error))
  }
}

const unseen = (failure: Failure): Sight => ({ state: null, left: failure.message, failure })

/** How long the kernel may take until what was done can be seen, in milliseconds. */
const SETTLE_MS = 3_000

/** Looks at steps until nothing is left to do for those of them that are worth waiting for, or the kernel had its time. */
export async function sightsOf({ exec }: Ports, subjects: readonly Subject[], how: HowToLook): Promise<Sights> {
  const all = new Map<string, Sight>()
  const isUnsettled = (subject: Subject): boolean =>
    how.isWorthWaiting(subject) && all.get(subject.context.step)?.left !== ''
  const { netns, look: last } = await settle(
    async () => {
      const look = lookWith(exec)
      const asked = all.size === 0 ? subjects : subjects.filter(isUnsettled)
      const [there] = await Promise.all([look.netns(), sights(look, asked, how, all)])
      return { look, netns: there, isSettled: !asked.some(isUnsettled) }
    },
    ({ isSettled }) => isSettled,
    SETTLE_MS,
  )
  return { of: ({ context }) => all.get(context.step)!, netns, look: last }
}

/** Looks once, and notes what is seen of each step. */
async function sights(
  look: Look,
  subjects: readonly Subject[],
  { observe, judge }: HowToLook,
  all: Map<string, Sight>,
): Promise<void> {
  const looks = subjects.map(async (subject): Promise<readonly Seen[]> => {
    try {
      return [{ subject, now: await observe(look, subject) }]
    } catch (error) {
      all.set(subject.context.step, unseen(failureOf(error)))
      return []
    }
  })
  const seen = (await Promise.all(looks)).flat()
  for (const [at, sight] of judge(seen).entries()) all.set(seen[at]!.subject.context.step, sight)
}
