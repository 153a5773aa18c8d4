import { equal } from '../../core/json.ts'
import { conflict, type Attempt, type Plan } from '../../core/step.ts'
import { kindOf, linkId, linkNamed, namesOf, parseLinks, place, UNKNOWN, type LinkId } from './ip-json.ts'
import { didYouMean, nearNames } from './near-names.ts'

/** What a step sees of the link that it works on. */
export type OnLink = {
  /** What identifies the link; null when it is not there. */
  readonly link: LinkId | null
  /** Names of links that are like the one that is not there. */
  readonly near?: readonly string[]
}

/** A link that an earlier step makes. */
export const unborn: LinkId = [UNKNOWN, null]

/** Reads what a step sees of its link from a list of those of the netns. */
export function linkSeen(listed: string, name: string): OnLink {
  const links = parseLinks(listed)
  const link = linkNamed(links, name)
  if (!link) return { link: null, near: nearNames(namesOf(links), name) }
  return { link: linkId(link.ifindex, kindOf(link), link.address ?? '') }
}

/** The plan of a step whose link is not there. */
export const noLink = (
  { link, netns }: { readonly link: string; readonly netns?: string | undefined },
  { near = [] }: Pick<OnLink, 'near'>,
): Plan => conflict(`link ${link} does not exist in ${place(netns)}`, didYouMean(near))

/**
 * Says whether what is there can be what a step made: on the very link, and not refused. A link that the run itself has made since
 * is not known by more than its name.
 */
export const isOnSameLink = (before: OnLink, now: OnLink, { refused }: Attempt): boolean =>
  !refused && (before.link?.[0] === UNKNOWN || equal(before.link, now.link))
