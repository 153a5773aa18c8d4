import { show, succeeded, type Output } from '../../core/command.ts'
import type { FilterTable } from '../../plugins/lib/chains.ts'
import { lookAt, suspectsIn, type Suspect } from '../../plugins/lib/dropping-chains.ts'
import type { Traffic } from '../../plugins/lib/packet-limits.ts'
import type { Filters } from './filters.ts'
import { ok, warn, type Found } from './finding.ts'

/** What `iptables --version` and `ip6tables --version` said. */
interface Versions {
  readonly iptables: string
  readonly ip6tables: string
}

/** Says which iptables is at work, and what drops packets that are forwarded. */
export const firewallFindings = (filters: Filters, versions: Versions): readonly Found[] => [
  ...backendFindings(versions),
  ...(filters.refused.some(({ argv: [program] }) => !program?.includes('legacy')) ? [unseen] : ruleFindings(filters)),
]

const unseen = warn('rules', 'may not be looked at', 'look with all rights: sudo nsnet doctor', 'nft list ruleset')

/** So it is in a user namespace. @see user_namespaces(7) */
const unseenLegacy = ok('iptables-legacy', 'its rules can be seen by the real root only', 'iptables-legacy-save')

function backendFindings({ iptables, ip6tables }: Versions): readonly Found[] {
  const [four, six] = [backendOf(iptables), backendOf(ip6tables)]
  if (four === undefined) return []
  const [what, by] = ['iptables backend', 'iptables --version']
  if (six !== undefined && six !== four)
    return [warn(what, `iptables is of ${four}, ip6tables of ${six}`, `let both be of one: ${ALTERNATIVES}`, by)]
  return [ok(what, four, by)]
}

const ALTERNATIVES = 'update-alternatives --config ip6tables (Debian)'

const backendOf = (version: string): 'nft' | 'legacy' | undefined =>
  /^ip6?tables v\d/.test(version) ? (version.includes('nf_tables') ? 'nft' : 'legacy') : undefined

function ruleFindings({ tables, strange, refused }: Filters): readonly Found[] {
  const holds = (backend: FilterTable['backend']): boolean => tables.some((it) => it.backend === backend && isUsed(it))
  const dropping = suspectsIn(tables, ['forward'], anyTraffic, 'nsnet:').filter(isSweeping)
  const both = warn(
    'iptables rules',
    'in both backends, and each is asked for every packet',
    'keep to one: look with iptables-nft-save and iptables-legacy-save, and remove the other’s',
    'iptables-nft-save; iptables-legacy-save',
  )
  return [
    ...strange.map((command) =>
      warn('rules', 'the listing cannot be understood', `see what it prints: ${show(command)}`, show(command)),
    ),
    ...(refused.length > 0 ? [unseenLegacy] : []),
    ...(holds('iptables-nft') && holds('iptables-legacy') ? [both] : []),
    ...(dropping.length === 0
      ? [ok('forwarded packets', 'no chain drops them all', 'nft list ruleset')]
      : dropping.map(droppingFinding)),
  ]
}

const isUsed = ({ chains }: FilterTable): boolean =>
  chains.some(({ policy, rules }) => policy === 'drop' || rules.length > 0)

/** Of the packets of a workflow to come nothing is known. */
const anyTraffic: Traffic = { families: ['ipv4', 'ipv6'], protocol: 'tcp', port: null, addresses: [], links: [] }

/** It drops whatever comes as far as there: a policy, or a rule without conditions. */
const isSweeping = ({ rule }: Suspect): boolean => rule === null || rule.always

function droppingFinding(suspect: Suspect): Found {
  const { table, base, chain, rule } = suspect
  const how = rule === null ? 'by its policy' : `by its rule "${rule.text}"`
  const where = table.backend === 'nft' ? `table ${table.family} ${table.name} (nft)` : kindOf(table)
  const look = lookAt(suspect, undefined)
  return warn(
    `chain ${chain.name}`,
    `of ${where} ${rule?.verdict === 'reject' ? 'rejects' : 'drops'} what is forwarded, ${how}`,
    `a workflow that routes needs its own rule that accepts, ${placeFor(suspect, base.name)}; look: ${look}`,
    look,
  )
}

const kindOf = ({ name, backend, family }: FilterTable): string =>
  `table ${name} (${backend}, ${family === 'ipv4' ? 'IPv4' : 'IPv6'})`

/** One chain that accepts does not help against another one that drops. @see nft(8) */
const placeFor = ({ table }: Suspect, base: string): string =>
  table.backend === 'nft'
    ? `in this chain: uses nftables with family ${table.family}, table ${table.name}, chain ${base}`
    : `in this chain: uses iptables with chain ${base}, position 1`

/** Who else sets up the network here, told by chains, links and files below `/run`. */
export function managerFindings({ tables }: Filters, links: Output, run: Output): readonly Found[] {
  const chains = new Set(tables.flatMap(({ chains: all }) => all.map(({ name }) => name)))
  const seen = {
    chains: [...chains, ...tables.map(({ name }) => `table ${name}`)],
    links: succeeded({ argv: [] }, links) ? Array.from(links.stdout.matchAll(/^\d+: ([^:@]+)/gm), ([, it]) => it!) : [],
    run: run.stdout.split('\n'),
  }
  const there = managers.flatMap(({ name, signs, fix }) => {
    const sign = Object.entries(signs).flatMap(
      ([kind, words]) => seen[kind as keyof typeof seen].find((it) => words.test(it)) ?? [],
    )
    return sign.length === 0 ? [] : [{ name, sign: sign.join(', '), fix }]
  })
  const by = 'nft list ruleset; ip link show; find /run -maxdepth 1'
  if (there.length === 0) return [ok('others at work', 'no Docker, ufw, firewalld or NetworkManager seen', by)]
  return there.map(({ name, sign, fix }) =>
    fix === undefined ? ok(name, `is here (${sign})`, by) : warn(name, `is here (${sign})`, fix, by),
  )
}

interface Manager {
  readonly name: string
  readonly signs: { readonly chains?: RegExp; readonly links?: RegExp; readonly run?: RegExp }
  /** What to heed; undefined when it leaves alone what others make. */
  readonly fix?: string
}

const managers: readonly Manager[] = [
  {
    name: 'Docker',
    signs: { chains: /^DOCKER(-USER|-FORWARD)?$/, links: /^docker0$/, run: /^docker\.sock$/ },
    fix: 'it drops what others forward: put rules that accept into its chain DOCKER-USER, which it leaves alone',
  },
  {
    name: 'ufw',
    signs: { chains: /^ufw6?-/ },
    fix: 'it drops what is forwarded: put rules that accept at position 1 of FORWARD; "ufw reload" may remove them',
  },
  {
    name: 'firewalld',
    signs: { chains: /^(table firewalld|FWD[IO]_\w+|FORWARD_direct)$/, run: /^firewalld$/ },
    fix: 'it rejects what is forwarded and "firewall-cmd --reload" drops rules of iptables: trust the links of a workflow, firewall-cmd --zone=trusted --add-interface=LINK',
  },
  { name: 'NetworkManager', signs: { run: /^NetworkManager$/ } },
]
