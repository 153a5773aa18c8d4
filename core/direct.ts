import { lstatSync, type BigIntStats } from 'node:fs'
import type { Command, Output } from './command.ts'
import { listSettings, readSettings, readSides, writeSettings } from './direct-sysctl.ts'
import { isFileName, isNetns, listNetns } from './netns-files.ts'
import { entriesOf, isMissing, unlessFails } from './proc-files.ts'

/**
 * Does what a command would do, without a process, where nsnet can be sure to do and to say exactly the same; undefined
 * otherwise, and when anything fails: then the command has to run, so that its error is the tool's own. It is only done
 * what may be done twice: looking, and setting a kernel parameter to a value.
 *
 * Takes what is for the netns that nsnet itself is in: looking at and setting kernel parameters, and listing the named netns.
 */
export function shortcut({ argv, stdin }: Command): Omit<Output, 'durationMs'> | undefined {
  const gone = noSuchNetns(argv)
  if (gone !== undefined) return { stdout: '', stderr: gone, exitCode: 255, timedOut: false }
  if (stdin !== undefined) return undefined
  const stdout = unlessFails(() => shortcuts[argv[0] ?? '']?.(argv))
  return stdout === undefined ? undefined : { stdout, stderr: '', exitCode: 0, timedOut: false }
}

/** What each program prints, by its name; undefined where that is not certain. */
const shortcuts: { readonly [program: string]: ((argv: readonly string[]) => string | undefined) | undefined } = {
  sysctl: (argv) => (argv.includes('-w') ? writeSettings(argv) : readSettings(argv)),
  find: (argv) => (argv.join(' ') === LIST_NETNS ? listOfNetns() : listSettings(argv)),
  grep: readSides,
}

const LIST_NETNS = listNetns.argv.join(' ')

/** More than so many are listed sooner by find(1): asking for one takes 10 µs. */
const MOST_NETNS = 200

function listOfNetns(): string | undefined {
  if (!lstatSync('/run').isDirectory()) return undefined
  try {
    if (!lstatSync('/run/netns').isDirectory()) return undefined
  } catch (error) {
    return isMissing(error) ? '' : undefined
  }
  const lines = entriesOf('/run/netns', MOST_NETNS)?.map(({ name }) => lineOf(name))
  return lines?.includes(undefined) === false ? lines.join('') : undefined
}

/** Of another kind of file, find(1) looks up the name of the file system. */
function lineOf(name: string): string | undefined {
  const path = `/run/netns/${name}`
  if (!isNetns(path)) return undefined
  const { ino, ctimeNs }: BigIntStats = lstatSync(path, { bigint: true })
  return `${name} ${ino} nsfs ${ctimeNs / BILLION}.${`${ctimeNs % BILLION}`.padStart(9, '0')}0\n`
}

const BILLION = 1_000_000_000n

/** What `ip -n NAME` says before it does anything; undefined where there is a netns of that name, or anything else. */
function noSuchNetns([program, option, name = '']: readonly string[]): string | undefined {
  if (program !== 'ip' || option !== '-n' || !isFileName(name)) return undefined
  const isThere = lstatSync(`/run/netns/${name}`, { throwIfNoEntry: false }) !== undefined
  return isThere ? undefined : `Cannot open network namespace "${name}": No such file or directory\n`
}
