import { ip, type Exec } from '../core/command.ts'
import { differences, tell, type Difference } from '../core/difference.ts'
import { fingerprint, type Fingerprint } from '../core/fingerprint.ts'
import { equal, type Json } from '../core/json.ts'
import { listNetns, parseNetns } from '../core/netns-files.ts'
import { settle } from '../core/wait.ts'
import { comparable } from './comparable.ts'

/** What is seen of a kernel: its fingerprint, and what commands of the example print. */
export type Picture = Fingerprint & { readonly looks: { readonly [command: string]: string } }

/** How long what the kernel does in the background may take to be seen, in milliseconds. */
export const SETTLE_MS = 3_000

/** How long the kernel may take to come to rest, in milliseconds. */
const REST_MS = 10_000

/** Takes a picture once the kernel has come to rest; `looks` are command lines for sh(1). */
export async function pictureOf(exec: Exec, looks: readonly string[]): Promise<Picture> {
  const end = performance.now() + REST_MS
  for (;;) {
    const seen = await pictureAtOnce(exec, looks)
    const isSteady = [seen.host, ...Object.values(seen.netns)].every((parts) => isAtRest(parts['addresses'] ?? []))
    if (isSteady || performance.now() > end) return seen
    await rest(exec)
  }
}

async function pictureAtOnce(exec: Exec, looks: readonly string[]): Promise<Picture> {
  const look = async (line: string) => {
    const { stdout, exitCode } = await exec({ argv: ['sh', '-c', line] })
    return [line, exitCode === 0 ? stdout : `exit code ${exitCode}`] as const
  }
  const [seen, shown] = await Promise.all([fingerprint(exec), Promise.all(looks.map(look))])
  return { ...withoutCapabilities(seen), looks: Object.fromEntries(shown) }
}

/** A bridge keeps the `tso_max_size` of a port that it had, and nobody can set it back. @see netif_inherit_tso_max() */
const withoutCapabilities = (seen: Fingerprint): Fingerprint =>
  JSON.parse(JSON.stringify(seen, (key, value: Json) => (key === 'tso_max_size' ? undefined : value))) as Fingerprint

/** Lists where the kernel still differs from an earlier picture after a moment. */
export function changesSince(earlier: Picture, see: () => Promise<Picture>): Promise<readonly Difference[]> {
  return settled(earlier, see)
}

/** The same, without what two runs of one workflow may differ in. */
export function unlike(other: Picture, see: () => Promise<Picture>): Promise<readonly Difference[]> {
  return settled(alike(other), async () => alike(await see()))
}

/**
 * Waits until the kernel has come to rest: it makes addresses a moment after a link has carrier, and until duplicate address
 * detection is over, a second or two, these are tentative and lack routes. A look at all addresses costs a tenth of a picture.
 */
async function rest(exec: Exec): Promise<void> {
  await settle(
    async () => {
      const names = Object.keys(parseNetns((await exec(listNetns)).stdout))
      return await Promise.all([undefined, ...names].map((netns) => addressesIn(exec, netns)))
    },
    (all) => all.every(isAtRest),
    REST_MS,
  )
}

async function addressesIn(exec: Exec, netns: string | undefined): Promise<Json> {
  const { stdout, exitCode } = await exec(ip(netns, '-json', 'address', 'show'))
  return exitCode === 0 && stdout !== '' ? (JSON.parse(stdout) as Json) : []
}

/** Says whether no address is tentative, and no link has carrier that the kernel has not told everybody of yet. @see net/core/link_watch.c */
function isAtRest(links: Json): boolean {
  return (links as readonly Link[]).every(
    ({ flags = [], addr_info: addresses = [] }) =>
      !(flags.includes('NO-CARRIER') && flags.includes('LOWER_UP')) && !addresses.some(({ tentative }) => tentative),
  )
}

interface Link {
  readonly flags?: readonly string[]
  readonly addr_info?: readonly { readonly tentative?: boolean }[]
}

/** Writes differences for people, a line each. */
export const toldOf = (found: readonly Difference[]): readonly string[] => found.map(tell)

const alike = ({ looks, ...seen }: Picture): Json => ({ seen: comparable(seen), looks: comparable(looks) })

async function settled(expected: Json, see: () => Promise<Json>): Promise<readonly Difference[]> {
  return differences(expected, await settle(see, (seen) => equal(expected, seen), SETTLE_MS))
}
