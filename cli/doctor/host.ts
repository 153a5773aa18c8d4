import { show, type Command, type Output } from '../../core/command.ts'
import { leftoversIn } from '../../core/netns-files.ts'
import { quote } from '../../core/quote.ts'
import { fail, ok, warn, type Found } from './finding.ts'
import type { Sysctls } from './sysctls.ts'

const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward'

const WRITABLE = ['-writable', '-printf', 'w\\n', '-o', '-printf', 'r\\n', ')']

const SYSCTL_FIX = 'let it be: mount -o remount,rw /proc/sys\nin a container, start it with --privileged'

/** Says whether the host forwards packets, and which links drop answers that come in by another link. */
export function forwardingFindings(sysctls: Sysctls): readonly Found[] {
  return [
    switchFinding('IPv4 forwarding', 'net.ipv4.ip_forward', sysctls),
    switchFinding('IPv6 forwarding', 'net.ipv6.conf.all.forwarding', sysctls),
    strictFinding(sysctls),
  ].flatMap((found) => found ?? [])
}

function switchFinding(what: string, key: string, { [key]: value }: Sysctls): Found | undefined {
  if (value === undefined) return undefined
  const fix = `a workflow that routes switches it on: uses sysctl with key ${key}, value 1`
  return value === '0' ? warn(what, 'off', fix, `sysctl ${key}`) : ok(what, 'on', `sysctl ${key}`)
}

/** The larger one of a link's own value and that of `all` counts. @see https://docs.kernel.org/networking/ip-sysctl.html */
function strictFinding(sysctls: Sysctls): Found | undefined {
  const values = Object.entries(sysctls).flatMap(([key, value]) => {
    const link = /^net\.ipv4\.conf\.(.*)\.rp_filter$/.exec(key)?.[1]
    return link === undefined ? [] : [[link, Number(value)] as const]
  })
  const all = values.find(([link]) => link === 'all')?.[1]
  if (all === undefined) return undefined
  const strict = values.filter(([link, own]) => link !== 'all' && link !== 'lo' && Math.max(all, own) === 1)
  const [what, by] = ['rp_filter', 'sysctl -a -r rp_filter']
  if (strict.length === 0) return ok(what, 'not strict', by)
  const names = strict.map(([link]) => link)
  const some = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names
  const fix =
    'it drops packets that come in by another link than answers go out; where a workflow routes so: uses sysctl with key net.ipv4.conf.LINK.rp_filter, value 2'
  return warn(what, `strict on ${some.join(', ')}`, fix, by)
}

/** What the clocks said. */
interface Clocks {
  /** Milliseconds since 1970: when the doctor began, and when it ended. */
  readonly wall: readonly [number, number]
  /** Milliseconds that have passed between, by the clock that is never set. */
  readonly passedMs: number
  readonly uptimeSeconds: number
  /** `timedatectl show`, empty where it does not answer. */
  readonly timedatectl: string
  /** ISO 8601: the latest event of any run; empty without runs. */
  readonly newest: string
}

/** A clock that has not been set for as long, in seconds after the start, is told as not synchronized. */
const SYNC_SECONDS = 600

/** Says whether the clock can be believed: the times of events, and of when a netns was made, are read off it. */
export function clockFinding({ wall, passedMs, uptimeSeconds, timedatectl, newest }: Clocks): Found {
  const [began, ended] = wall
  const time = new Date(ended).toISOString().slice(0, 19).replace('T', ' ')
  const set = 'set it: timedatectl set-ntp true, or date --set="2026-01-31 12:00"'
  if (new Date(ended).getUTCFullYear() < 2024) return fail('clock', `says ${time}, which is long ago`, set, 'date')
  if (Math.abs(ended - began - passedMs) > 1_000)
    return warn('clock', 'was moved while the doctor looked', 'see who sets it, and look again: nsnet doctor', 'date')
  if (newest !== '' && Date.parse(newest) > ended + 60_000)
    return warn('clock', `says ${time}, yet the latest event of a run is of ${newest}`, set, 'nsnet list')
  const unset = /^NTP=yes$/m.test(timedatectl) && /^NTPSynchronized=no$/m.test(timedatectl)
  if (unset && uptimeSeconds > SYNC_SECONDS)
    return warn('clock', 'has not been synchronized yet', 'see why: timedatectl timesync-status', 'timedatectl show')
  return ok('clock', `says ${time} UTC`, 'date')
}

/** Asks of what nsnet writes to whether it can be written: read-only mounts are found where the mode says nothing. */
export const findWritable: Command = {
  argv: ['find', '/run/netns', '/run', IP_FORWARD, '-maxdepth', '0', '-printf', '%p ', '('].concat(WRITABLE),
  okExits: [0, 1],
}

/** Says whether a netns can be given a name, and parameters be set; `listing` is what `findWritable` printed. */
export function writableFindings({ stdout }: Output): readonly Found[] {
  const files = Array.from(stdout.matchAll(/^(\S+) ([wr])$/gm), ([, path, how]) => ({ path, writable: how === 'w' }))
  const by = show(findWritable)
  // the first of the directories that is there counts
  const names = files.find(({ path }) => path !== IP_FORWARD)
  const parameters = files.find(({ path }) => path === IP_FORWARD)
  const place = names?.path ?? '/run'
  return [
    names?.writable
      ? ok('names of netns', 'can be made in /run/netns', by)
      : fail(
          'names of netns',
          `cannot be made: ${place} cannot be written`,
          `let it be: mount -o remount,rw ${place}`,
          by,
        ),
    parameters?.writable
      ? ok('/proc/sys', 'can be written', by)
      : fail('/proc/sys', 'cannot be written', SYSCTL_FIX, by),
  ]
}

/** Tells of files in `/run/netns` that are no netns; `listing` is what `listNetns` printed. */
export function leftoverFindings(listing: Output): readonly Found[] {
  const by = 'find /run/netns'
  const names = namesIn(listing)
  if (names === undefined)
    return [warn('leftovers', 'the listing cannot be understood', `see what it prints: ${by}`, by)]
  if (names.length === 0) return [ok('leftovers', 'none in /run/netns', by)]
  return names.map((name) =>
    warn(
      'leftovers',
      `/run/netns/${name} is no netns: an "ip netns add" or "delete" that was killed left it`,
      `if nobody is at it, remove it: ip netns delete ${quote(name)}`,
      by,
    ),
  )
}

function namesIn({ stdout }: Output): readonly string[] | undefined {
  try {
    return leftoversIn(stdout)
  } catch {
    return undefined
  }
}
