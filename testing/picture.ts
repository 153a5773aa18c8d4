import type { Exec } from '../core/command.ts'
import { differences, tell, type Difference } from '../core/difference.ts'
import { fingerprint, type Fingerprint } from '../core/fingerprint.ts'
import { equal, type Json } from '../core/json.ts'
import { settle } from '../core/wait.ts'
import { comparable } from './comparable.ts'

/** What is seen of a kernel: its fingerprint, and what commands of the example print. */
export type Picture = Fingerprint & { readonly looks: { readonly [command: string]: string } }

/** How long what the kernel does in the background may take to be seen, in milliseconds. */
const SETTLE_MS = 3_000

/** Takes a picture; `looks` are command lines for sh(1). */
export async function pictureOf(exec: Exec, looks: readonly string[]): Promise<Picture> {
  const look = async (line: string) => {
    const { stdout, stderr, exitCode } = await exec({ argv: ['sh', '-c', line] })
    return [line, exitCode === 0 ? stdout : `exit code ${exitCode}: ${stderr}`] as const
  }
  const [seen, shown] = await Promise.all([fingerprint(exec), Promise.all(looks.map(look))])
  return { ...seen, looks: Object.fromEntries(shown) }
}

/** Lists where the kernel still differs from an earlier picture after a moment. */
export function changesSince(earlier: Picture, see: () => Promise<Picture>): Promise<readonly Difference[]> {
  return settled(earlier, see)
}

/** The same, without what two runs of one workflow may differ in. */
export function unlike(other: Picture, see: () => Promise<Picture>): Promise<readonly Difference[]> {
  return settled(alike(other), async () => alike(await see()))
}

/**
 * A picture once the kernel has come to rest: it makes addresses a moment after a link has carrier, and until duplicate address
 * detection is over these are tentative and lack routes.
 */
export const steadyPicture = (see: () => Promise<Picture>): Promise<Picture> =>
  settle(see, (seen) => !JSON.stringify(seen).includes('"tentative":true') && !hasNewCarrier(seen), 10_000)

/** Says whether a link has carrier that the kernel has not told everybody of yet. @see net/core/link_watch.c */
const hasNewCarrier = (seen: Picture): boolean =>
  [...JSON.stringify(seen).matchAll(/"flags":\[[^\]]*\]/g)].some(
    ([flags]) => flags.includes('"NO-CARRIER"') && flags.includes('"LOWER_UP"'),
  )

/** Writes differences for people, a line each. */
export const toldOf = (found: readonly Difference[]): readonly string[] => found.map(tell)

const alike = ({ looks, ...seen }: Picture): Json => ({ seen: comparable(seen), looks: comparable(looks) })

async function settled(expected: Json, see: () => Promise<Json>): Promise<readonly Difference[]> {
  return differences(expected, await settle(see, (seen) => equal(expected, seen), SETTLE_MS))
}
