import { inNetns, ip, type Command, type Exec } from './command.ts'
import type { Json } from './json.ts'

/**
 * Everything about the network state of a kernel that nsnet could change, as plain JSON: links, addresses, routes of all
 * tables, policy rules, every `net.*` sysctl, the rules of both iptables backends and both families, the nft ruleset, and
 * the same inside each named netns. Counters, lifetimes and timestamps are left out, so two equal states give equal
 * fingerprints.
 *
 * A command that is not installed or cannot look counts as an empty answer. An iptables-legacy table without rules
 * counts as absent: the kernel cannot unload one per netns.
 */
export async function fingerprint(exec: Exec): Promise<{ readonly [part: string]: Json }> {
  const names = await namedNetns(exec)
  const parts = await Promise.all(
    [undefined, ...Object.keys(names)].map(async (netns) => [netns ?? 'host', await inside(exec, netns)] as const),
  )
  return { ...Object.fromEntries(parts), netns: names }
}

/** The command that lists named netns with their inodes; it exits 0 also before `/run/netns` exists. */
export const listNetns: Command = {
  argv: ['find', '/run', '-mindepth', '1', '-maxdepth', '2', '!', '-path', '/run/netns*', '-prune', '-o'].concat([
    '-path',
    '/run/netns/*',
    '-printf',
    '%f %i %F\\n',
  ]),
}

/** Reads what `listNetns` printed: name → inode. Files that are not a netns (leftovers of a crash) are left out. */
export function parseNetns(stdout: string): { readonly [name: string]: number } {
  const rows = stdout.split('\n').map((line) => line.split(' '))
  return Object.fromEntries(rows.filter(([, , type]) => type === 'nsfs').map(([name, inode]) => [name, Number(inode)]))
}

async function namedNetns(exec: Exec): Promise<{ readonly [name: string]: number }> {
  return parseNetns((await exec(listNetns)).stdout)
}

async function inside(exec: Exec, netns: string | undefined): Promise<{ readonly [part: string]: Json }> {
  const parts = Object.entries(probes).map(async ([part, { argv, read }]) => {
    const command = argv[0] === 'ip' ? ip(netns, ...argv.slice(1)) : { argv: inNetns(netns, argv) }
    const { stdout, exitCode } = await exec(command)
    return [part, exitCode === 0 ? read(stdout) : null] as const
  })
  return Object.fromEntries(await Promise.all(parts))
}

interface Probe {
  readonly argv: readonly string[]
  readonly read: (stdout: string) => Json
}

const lines = (stdout: string): Json => stdout.split('\n').filter((line) => line !== '')

const json = (stdout: string): Json =>
  JSON.parse(stdout === '' ? '[]' : stdout, (key, value: Json) =>
    /_life_time$|_timer$/.test(key) ? undefined : value,
  ) as Json

const sysctls = (stdout: string): Json =>
  stdout.split('\n').filter((line) => line !== '' && !/nf_conntrack_count|\.fib_sync_mem/.test(line))

const rules = (stdout: string): Json =>
  stdout
    .replace(/^#.*\n/gm, '')
    .replace(/ ?\[\d+:\d+\]/g, '')
    .split(/(?<=^COMMIT\n)/m)
    .filter((table) => /^-A|^:\S+ (?!ACCEPT)/m.test(table))

const probes: { readonly [part: string]: Probe } = {
  links: { argv: ['ip', '-json', '-details', 'link', 'show'], read: json },
  addresses: { argv: ['ip', '-json', 'address', 'show'], read: json },
  routes: { argv: ['ip', '-details', 'route', 'show', 'table', 'all'], read: lines },
  routes6: { argv: ['ip', '-6', '-details', 'route', 'show', 'table', 'all'], read: lines },
  policies: { argv: ['ip', 'rule', 'show'], read: lines },
  policies6: { argv: ['ip', '-6', 'rule', 'show'], read: lines },
  sysctls: { argv: ['sysctl', '-a', '-r', '^net\\.'], read: sysctls },
  iptablesNft: { argv: ['iptables-nft-save'], read: rules },
  ip6tablesNft: { argv: ['ip6tables-nft-save'], read: rules },
  iptablesLegacy: { argv: ['iptables-legacy-save'], read: rules },
  ip6tablesLegacy: { argv: ['ip6tables-legacy-save'], read: rules },
  nft: { argv: ['nft', '--stateless', 'list', 'ruleset'], read: lines },
}
