import { inNetns, ip, type Exec } from './command.ts'
import type { Json } from './json.ts'
import { listNetns, parseNetns } from './netns-files.ts'

/** A fingerprint: the parts of the host's netns, those of each named netns, and the files of `/etc/netns`. */
export type Fingerprint = {
  readonly host: Parts
  readonly netns: { readonly [name: string]: Parts }
  /** Path, kind, mode, owner and target of each entry, and the SHA-256 of each file; null when there is no directory. */
  readonly etc: Json
}

/** Name of a part → what the kernel says of it; null when its tool is not installed or cannot look. */
export type Parts = { readonly [part: string]: Json }

/**
 * Everything about the network state of a kernel that nsnet could change, as plain JSON: links, addresses, routes of all
 * tables, policy rules, permanent neighbours and proxies, qdiscs, every `net.*` sysctl, the rules of both iptables backends
 * and both families, the nft ruleset with its sets, the
 * same inside each named netns, and the bytes and modes of `/etc/netns`. Counters, lifetimes and timestamps are left out,
 * so two equal states give equal fingerprints.
 *
 * An iptables-legacy table without rules counts as absent: the kernel cannot unload one per netns.
 */
export async function fingerprint(exec: Exec): Promise<Fingerprint> {
  const names = parseNetns((await exec(listNetns)).stdout)
  const [host, etc, ...inside] = await Promise.all([
    partsOf(exec, undefined),
    filesOf(exec),
    ...Object.entries(names).map(
      async ([name, { inode }]) => [name, { inode, ...(await partsOf(exec, name)) }] as const,
    ),
  ])
  return { host, netns: Object.fromEntries(inside), etc }
}

/** The parts of one netns, the host's when `netns` is undefined. */
async function partsOf(exec: Exec, netns: string | undefined): Promise<Parts> {
  const parts = Object.entries(probes).map(async ([part, { argv, read }]) => {
    const command = argv[0] === 'ip' ? ip(netns, ...argv.slice(1)) : { argv: inNetns(netns, argv) }
    const { stdout, exitCode } = await exec(command)
    return [part, exitCode === 0 ? read(stdout) : null] as const
  })
  return Object.fromEntries(await Promise.all(parts))
}

async function filesOf(exec: Exec): Promise<Json> {
  const find = ['find', '/etc/netns']
  const [entries, sums] = await Promise.all([
    exec({ argv: [...find, '-printf', '%y %m %U:%G %P %l\\n'] }),
    exec({ argv: [...find, '-type', 'f', '-exec', 'sha256sum', '{}', '+'] }),
  ])
  return entries.exitCode === 0 ? { entries: sorted(entries.stdout), sums: sorted(sums.stdout) } : null
}

const sorted = (stdout: string): Json => (lines(stdout) as readonly string[]).toSorted()

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

/**
 * The number of users of a qdisc goes with the link's state; the kernel counts handles from 8000: on, each time another one;
 * links come in any order.
 */
const qdiscs = (stdout: string): Json =>
  sorted(stdout.replace(/ refcnt \d+/g, '').replace(/ [89a-f][\da-f]{3}:/g, ' any:'))

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
  neighbours: { argv: ['ip', 'neigh', 'show', 'nud', 'permanent'], read: sorted },
  proxies: { argv: ['ip', 'neigh', 'show', 'proxy'], read: sorted },
  qdiscs: { argv: ['tc', 'qdisc', 'show'], read: qdiscs },
  sysctls: { argv: ['sysctl', '-a', '-r', '^net\\.'], read: sysctls },
  iptablesNft: { argv: ['iptables-nft-save'], read: rules },
  ip6tablesNft: { argv: ['ip6tables-nft-save'], read: rules },
  iptablesLegacy: { argv: ['iptables-legacy-save'], read: rules },
  ip6tablesLegacy: { argv: ['ip6tables-legacy-save'], read: rules },
  nft: { argv: ['nft', '--stateless', 'list', 'ruleset'], read: lines },
}
