import { ofText } from '../../core/memo.ts'

/**
 * What the kernel rewrites besides the sysctl that was asked for. A sysctl without a row changes nothing but itself.
 * Keys and paths are slashed and below `net/`.
 */
interface Coupling {
  /** Matches the key; its groups are `$1` … in `under` and `names`. */
  readonly key: RegExp
  /** The directory that has one of the side files for each link, or the only side file. */
  readonly under: string
  /** Names of the side files in that directory; none when `under` is a file. */
  readonly names: readonly string[]
  /** Which of the files there the kernel rewrites. */
  readonly files: RegExp
  /** What the kernel makes of them; absent when that cannot be told from the value. */
  readonly expected?: (value: string, path: string) => string
  /**
   * `all`: writing the key rewrites every file. `unset`: only those of links that have no value of their own yet (giving
   * a link an IPv4 address makes all its values its own).
   */
  readonly rewrites: 'all' | 'unset'
}

/** A sysctl that the kernel rewrites together with another one. */
export interface Side {
  /** Its slashed key, `net/ipv4/conf/eth0/forwarding`. */
  readonly path: string
  /** What the kernel makes of it when the other one gets a value; undefined when that cannot be told. */
  readonly expected: (value: string) => string | undefined
  readonly rewrites: 'all' | 'unset'
}

/** Lists the sysctls that the kernel rewrites together with this one, in a netns that has these links. */
export function sidesOf(key: string, links: readonly string[]): readonly Side[] {
  return matching(key).flatMap(({ under, names, files, expected, rewrites }) =>
    (names.length === 0
      ? [under]
      : ['all', 'default', ...links].flatMap((it) => names.map((name) => [under, it, name].join('/')))
    )
      .filter((path) => files.test(path) && `net/${path}` !== key)
      .map((path) => ({ path: `net/${path}`, expected: (value) => expected?.(value, path), rewrites })),
  )
}

/**
 * Makes the command that prints the side sysctls as `path:value`; undefined when there can be none. The sysctl itself is
 * read before and behind them, so that a change in between is noticed.
 */
export function sideProbe(key: string): readonly string[] | undefined {
  const rows = matching(key)
  if (rows.length === 0) return undefined
  const [search, file] = [rows.find(({ names }) => names.length > 0), rows.find(({ names }) => names.length === 0)]
  const include = [...(search?.names ?? []), key.split('/').at(-1)!].map((name) => `--include=${name}`)
  const only = file ? [`--include=${file.under.split('/').at(-1)}`] : []
  const where = [search, file].flatMap((it) => (it ? [`/proc/sys/net/${it.under}`] : []))
  const itself = `/proc/sys/${key}`
  return ['grep', '-rHs', ...include, ...only, '', itself, ...where, itself]
}

/** Reads what the side probe printed: slashed key → value. */
export const parseSides = ofText((stdout): { readonly [path: string]: string } => {
  const rows = stdout.split('\n').map((line) => /^\/proc\/sys\/([^:]+):(.*)$/.exec(line))
  return Object.fromEntries(rows.flatMap((it) => (it ? [[it[1]!, it[2]!]] : [])))
})

/** Says whether the sysctl had this value before and behind the look at its sides. */
export function isSteady(stdout: string, key: string, value: string | null): boolean {
  const itself = `/proc/sys/${key}:`
  const seen = stdout.split('\n').filter((line) => line.startsWith(itself))
  return seen.every((line) => line.slice(itself.length) === value)
}

const matching = ofText((key): readonly Coupling[] => {
  const below = key.slice('net/'.length)
  return couplings.flatMap((each) => {
    const groups = each.key.exec(below)
    const fill = (text: string): string => text.replace(/\$(\d)/g, (_, at: string) => groups![Number(at)]!)
    return groups ? [{ ...each, under: fill(each.under), names: each.names.map(fill) }] : []
  })
})

const same = (value: string): string => value

const redirects = (value: string): string => (value === '0' ? '1' : '0')

const couplings: readonly Coupling[] = [
  {
    // inet_forward_change() in net/ipv4/devinet.c; ip_forward is another name of conf/all/forwarding
    key: /^ipv4\/(?:ip_forward|conf\/all\/forwarding)$/,
    under: 'ipv4/conf',
    names: ['forwarding', 'accept_redirects'],
    files: /^ipv4\/conf\/(?:(?!all\/)[^/]+\/forwarding|all\/accept_redirects)$/,
    expected: (value, path) => (path.endsWith('/forwarding') ? value : redirects(value)),
    rewrites: 'all',
  },
  {
    // devinet_copy_dflt_conf() in net/ipv4/devinet.c
    key: /^ipv4\/conf\/default\/(?!forwarding$)([^/]+)$/,
    under: 'ipv4/conf',
    names: ['$1'],
    files: /^ipv4\/conf\/(?!all\/|default\/)/,
    expected: same,
    rewrites: 'unset',
  },
  {
    // addrconf_fixup_forwarding(), addrconf_disable_ipv6(), addrconf_fixup_linkdown(),
    // addrconf_sysctl_addr_gen_mode() in net/ipv6/addrconf.c
    key: /^ipv6\/conf\/all\/(forwarding|disable_ipv6|ignore_routes_with_linkdown|addr_gen_mode)$/,
    under: 'ipv6/conf',
    names: ['$1'],
    files: /^ipv6\/conf\/(?!all\/)/,
    expected: same,
    rewrites: 'all',
  },
  {
    // addrconf_sysctl_force_forwarding() in net/ipv6/addrconf.c
    key: /^ipv6\/conf\/all\/(force_forwarding)$/,
    under: 'ipv6/conf',
    names: ['$1'],
    files: /^ipv6\/conf\/(?!all\/|default\/)/,
    expected: same,
    rewrites: 'all',
  },
  {
    // addrconf_sysctl_stable_secret() in net/ipv6/addrconf.c
    key: /^ipv6\/conf\/default\/stable_secret$/,
    under: 'ipv6/conf',
    names: ['addr_gen_mode'],
    files: /^ipv6\/conf\/(?!all\/|default\/)/,
    expected: () => '2',
    rewrites: 'all',
  },
  alone(/^(ipv6\/conf\/(?!default\/)[^/]+)\/stable_secret$/, '$1/addr_gen_mode'),
  {
    // neigh_copy_dflt_parms() in net/core/neighbour.c
    key: /^(ipv[46])\/neigh\/default\/([^/]+)$/,
    under: '$1/neigh',
    names: ['$2'],
    files: /^ipv[46]\/neigh\/(?!default\/)/,
    expected: same,
    rewrites: 'unset',
  },
  // the same value in two units: only the finer one brings it back exactly
  alone(/^(ipv[46]\/neigh\/[^/]+\/(?:retrans_time|base_reachable_time))$/, '$1_ms'),
  alone(/^(ipv[46]\/neigh\/[^/]+\/unres_qlen)$/, '$1_bytes'),
  // tcp_set_default_congestion_control() in net/ipv4/tcp_cong.c allows what it sets
  alone(/^ipv4\/tcp_congestion_control$/, 'ipv4/tcp_allowed_congestion_control'),
  // proc_pm_type() and proc_path_manager() in net/mptcp/ctrl.c set each other
  alone(/^mptcp\/pm_type$/, 'mptcp/path_manager'),
  alone(/^mptcp\/path_manager$/, 'mptcp/pm_type'),
]

function alone(key: RegExp, under: string): Coupling {
  return { key, under, names: [], files: /^/, rewrites: 'all' }
}
