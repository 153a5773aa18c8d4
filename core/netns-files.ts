import { statfsSync } from 'node:fs'
import type { Command } from './command.ts'
import { ofText } from './memo.ts'
import type { NetnsId } from './resource.ts'

/** The command that lists named netns with what identifies them; it exits 0 also before `/run/netns` exists. */
export const listNetns: Command = {
  argv: ['find', '/run', '-mindepth', '1', '-maxdepth', '2', '!', '-path', '/run/netns*', '-prune', '-o'].concat([
    '-path',
    '/run/netns/*',
    '-printf',
    '%f %i %F %C@\\n',
  ]),
}

/**
 * Reads what `listNetns` printed, by name. Files that are not a netns (leftovers of a crash) are left out.
 *
 * @throws when that is not what find(1) prints
 */
export const parseNetns = ofText((stdout): { readonly [name: string]: NetnsId } => {
  const there = filesIn(stdout).filter(({ system }) => system === 'nsfs')
  return Object.fromEntries(there.map(({ name, inode, made }) => [name, { inode, made }]))
})

/**
 * Says whether `listNetns` found a plain file in the place of a netns: what an `ip netns add` or `delete` leaves that is
 * killed between making the file and mounting the netns on it.
 */
export const isLeftover = (stdout: string, netns: string): boolean => leftoversIn(stdout).includes(netns)

/** Names the plain files that `listNetns` found in the place of a netns. @see isLeftover */
export const leftoversIn = ofText((stdout): readonly string[] =>
  filesIn(stdout).flatMap(({ name, system }) => (system === 'nsfs' ? [] : [name])),
)

function filesIn(stdout: string): readonly (NetnsId & { readonly name: string; readonly system: string })[] {
  const rows = stdout.split('\n').filter((line) => line !== '')
  const files = rows.map((line) => /^(.*) (\d+) (\S+) (\S+)$/.exec(line))
  if (rows.length > 0 && files.every((file) => file === null))
    throw new Error('expected lines of a name, an inode, a file system and a time')
  return files.flatMap((it) => (it ? [{ name: it[1]!, inode: Number(it[2]), system: it[3]!, made: it[4]! }] : []))
}

/** Says whether a netns can have that name where files are named; `.` and `..` lead elsewhere. */
export const isFileName = (name: string): boolean => /^(?!\.\.?$)[\w.@+-]+$/.test(name)

/** Says whether a file is there, and a netns. */
export function isNetns(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS
  } catch {
    return false
  }
}

/** `NSFS_MAGIC` of linux/magic.h. */
const NSFS = 0x6e736673
