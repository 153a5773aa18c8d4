import { existsSync } from 'node:fs'
import type { Output } from './command.ts'
import { isFileName, isNetns } from './netns-files.ts'

/**
 * Puts a command into its netns by nsenter(1) where that means the same as `ip -n NAME` or `ip netns exec NAME`: those copy
 * the mount namespace for it (1.7 ms with one netns, 4.5 ms with 1,000), to give it another `/sys`, which none of these
 * programs reads, and the files of `/etc/netns/NAME`, where there are any. Undefined where it may mean something else, and
 * where the netns is not there: then `ip` says so in its own words. `root` is where the files of the place are seen that the
 * command runs in: empty for nsnet's own.
 *
 * @see ip-netns(8)
 */
export function entering(argv: readonly string[], root: string): readonly string[] | undefined {
  const { netns, inside } = apart(argv)
  if (netns === undefined || !isFileName(netns)) return undefined
  // any other file in its place has `ip` say what is wrong
  if (!isNetns(`${root}/run/netns/${netns}`) || existsSync(`${root}/etc/netns/${netns}`)) return undefined
  return ['nsenter', `--net=/run/netns/${netns}`, '--', ...inside]
}

/** Says whether nsenter(1) did not come as far as to start the command. */
export const couldNotEnter = ({ exitCode, stderr }: Pick<Output, 'exitCode' | 'stderr'>): boolean =>
  exitCode !== 0 && /^(nsenter: |setpriv: failed to execute nsenter: )/.test(stderr)

interface Apart {
  readonly netns?: string | undefined
  readonly inside: readonly string[]
}

/** Takes the netns off a command of a program that is known to do the same both ways. */
function apart(argv: readonly string[]): Apart {
  if (argv[0] !== 'ip') return { inside: [] }
  if (argv[1] === '-n') {
    const inside = ['ip', ...argv.slice(3)]
    return isKnownObject(inside) ? { netns: argv[2], inside } : { inside }
  }
  const inside = argv.slice(4)
  const executes = argv[1] === 'netns' && argv[2] === 'exec'
  return executes && READS_NO_SYS.test(inside[0] ?? '') ? { netns: argv[3], inside } : { inside }
}

/** Programs that do not read `/sys`. */
const READS_NO_SYS = /^(sysctl|ip6?tables(-nft|-legacy)?(-save|-restore)?|nft|find|grep|ping)$/

/** What `ip` does to these does not depend on mounts. */
function isKnownObject(argv: readonly string[]): boolean {
  const at = argv.findIndex((word, index) => index > 0 && !/^-(\d|d|details|j|json|N|s|o|force)$/.test(word))
  return /^(link|addr|address|route|rule|neigh|-b|-batch)$/.test(argv[at] ?? '')
}
