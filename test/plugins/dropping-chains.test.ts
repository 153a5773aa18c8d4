import { expect, test } from 'vitest'
import { suspectsIn } from '../../plugins/lib/dropping-chains.ts'
import { parseIptablesChains } from '../../plugins/lib/iptables-chains.ts'
import { parseNftChains } from '../../plugins/lib/nft-chains.ts'
import type { Traffic } from '../../plugins/lib/packet-limits.ts'

const ping: Traffic = {
  families: ['ipv4'],
  protocol: 'icmp',
  port: null,
  addresses: ['203.0.113.10', '10.0.0.2'],
  links: ['veth-host', 'enp1s0'],
}
const https: Traffic = { ...ping, protocol: 'tcp', port: 443 }
const dns: Traffic = { ...ping, protocol: 'udp', port: 53, families: ['ipv4', 'ipv6'], addresses: [] }

/** A native table with a forward chain of these rules, as `nft list ruleset` prints it. */
const native = (...rules: readonly string[]): string => `table inet lab {
	chain bad {
		counter packets 3 bytes 252 drop
	}

	chain forward {
		type filter hook forward priority filter + 10; policy accept;
${rules.map((rule) => `\t\t${rule}\n`).join('')}	}
}
`

const dropping = (...rules: readonly string[]): string => native(...rules).replace('policy accept', 'policy drop')

/** Writes what is accused as `chain: rule`, the run's own in brackets. */
const accused = (ruleset: string, traffic = ping): readonly string[] =>
  suspectsIn(parseNftChains(ruleset), ['forward'], traffic, 'nsnet:r1/').map(({ chain, rule, own }) =>
    own ? `[${chain.name}: ${rule?.text ?? 'policy'}]` : `${chain.name}: ${rule?.text ?? 'policy'}`,
  )

test.each([
  ['drop', 'forward: drop'],
  ['counter packets 2 bytes 168 drop', 'forward: counter drop'],
  ['iifname "veth-host" drop', 'forward: iifname "veth-host" drop'],
  ['oifname "enp*" drop', 'forward: oifname "enp*" drop'],
  ['iifname { "docker0", "veth-host" } drop', 'forward: iifname { "docker0", "veth-host" } drop'],
  ['iifname != "docker0" drop', 'forward: iifname != "docker0" drop'],
  ['ip daddr 203.0.113.0/24 drop', 'forward: ip daddr 203.0.113.0/24 drop'],
  ['ip saddr @blocked drop', 'forward: ip saddr @blocked drop'],
  ['icmp type { echo-reply, echo-request } drop', 'forward: icmp type { echo-reply, echo-request } drop'],
  ['ct state new log prefix "x accept" drop', 'forward: ct state new log prefix "x accept" drop'],
  ['meta l4proto { icmp, ipv6-icmp } reject', 'forward: meta l4proto { icmp, ipv6-icmp } reject'],
  ['reject with icmpx admin-prohibited', 'forward: reject with icmpx admin-prohibited'],
  ['ct state vmap { established : accept, new : drop }', 'forward: ct state new drop'],
  ['iifname vmap { "lo" : accept, "veth-host" : jump bad }', 'bad: counter drop'],
  ['iifname "veth-host" goto bad', 'bad: counter drop'],
])('accuses the rule %j', (rule, expected) => expect(accused(native(rule))).toEqual([expected]))

test.each([
  'accept',
  'counter packets 0 bytes 0 drop',
  'iifname "veth-host" counter packets 0 bytes 0 drop',
  'iifname "docker0" drop',
  'iifname "docker0" jump bad',
  'oifname { "docker0", "br-*" } reject',
  'ip daddr 172.17.0.0/16 drop',
  'tcp dport 22 drop',
  'meta l4proto { tcp, udp } th dport 53 drop',
  'ip protocol tcp reject with tcp reset',
  'ip6 saddr fe80::/10 drop',
  'meta nfproto ipv6 drop',
  'icmp type timestamp-request drop',
  'ct state invalid drop',
  'ct state { invalid, untracked } drop',
  'ct state vmap { invalid : drop, established : accept }',
  'log prefix "drop"',
  'counter packets 0 bytes 0 jump bad',
])('does not accuse the rule %j', (rule) => expect(accused(native(rule))).toEqual([]))

test.each([
  ['tcp dport 443 drop', https, 1],
  ['tcp dport { 22, 80 } drop', https, 0],
  ['tcp dport 1024-65535 drop', https, 1],
  ['icmp type echo-request drop', https, 0],
  ['udp dport 53 drop', dns, 1],
  ['ip6 daddr 2001:db8::/64 udp dport 53 drop', dns, 1],
] as const)('of the rule %j it depends on what was asked', (rule, traffic, count) =>
  expect(accused(native(rule), traffic)).toHaveLength(count),
)

test('what comes behind a rule that lets all through is not accused', () => {
  expect(accused(native('accept', 'drop'))).toEqual([])
  expect(accused(native('counter packets 0 bytes 0 accept', 'drop'))).toEqual([])
  expect(accused(native('iifname "veth-host" accept', 'drop'))).toEqual(['forward: drop'])
  expect(accused(native('drop', 'reject'))).toEqual(['forward: drop'])
})

test('a policy is accused unless all packets are dealt with before it', () => {
  expect(accused(dropping())).toEqual(['forward: policy'])
  expect(accused(dropping('ct state established,related accept'))).toEqual(['forward: policy'])
  expect(accused(dropping('accept'))).toEqual([])
  expect(accused(dropping('goto bad'))).toEqual(['bad: counter drop'])
})

test('chains that lead to each other end', () => {
  const circle = native('jump bad').replace('counter packets 3 bytes 252 drop', 'jump bad')
  expect(accused(circle)).toEqual([])
})

test('a table of the run, and what follows a rule of the run that lets through, is its own', () => {
  expect(accused(native('drop').replace('{\n', '{\n\tcomment "nsnet:r1/lab:0a1b2c"\n\n'))).toEqual(['[forward: drop]'])
  const own = 'iifname "veth-host" accept comment "nsnet:r1/out:0a1b2c"'
  expect(accused(native(own, 'drop'))).toEqual(['[forward: drop]'])
  expect(accused(native('drop', own))).toEqual(['forward: drop'])
  expect(accused(native(own.replace('r1', 'r2'), 'drop'))).toEqual(['forward: drop'])
})

test('other hooks, other families, dormant tables and those of iptables-nft are left out', () => {
  expect(accused(native('drop').replace('hook forward', 'hook input'))).toEqual([])
  expect(accused(native('drop').replace('table inet', 'table ip6'))).toEqual([])
  expect(accused(native('drop').replace('table inet', 'table bridge'))).toEqual([])
  expect(accused(native('drop').replace('{\n', '{\n\tflags dormant\n\n'))).toEqual([])
  expect(
    accused(native('drop').replace('table inet lab', 'table ip filter').replace('chain forward', 'chain FORWARD')),
  ).toEqual([])
})

/** As `iptables-legacy-save -c` prints it on a host with Docker. */
const docker = `# Generated by iptables-save v1.8.9 on Tue Nov 24 05:54:16 2026
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [4:336]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION - [0:0]
:lab - [0:0]
[9:756] -A FORWARD -j DOCKER-ISOLATION
[9:756] -A FORWARD -m conntrack --ctstate INVALID -j DROP
[0:0] -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
[9:756] -A FORWARD -m comment --comment "to the lab" -j lab
[0:0] -A DOCKER ! -i docker0 -o docker0 -j DROP
[0:0] -A DOCKER-ISOLATION -i docker0 ! -o docker0 -j DROP
[9:756] -A DOCKER-ISOLATION -j RETURN
[2:168] -A lab -s 10.0.0.0/24 -p icmp -m icmp --icmp-type 8 -j REJECT --reject-with icmp-port-unreachable
[3:252] -A lab -p tcp -m tcp --dport 443 -j DROP
COMMIT
# Completed on Tue Nov 24 05:54:16 2026
`

const accusedByIptables = (save: string, backend: 'iptables-nft' | 'iptables-legacy', traffic = ping) =>
  suspectsIn(parseIptablesChains(save, backend, 'ipv4'), ['forward'], traffic, 'nsnet:r1/').map(
    ({ chain, rule }) => `${chain.name}: ${rule?.text ?? 'policy'}`,
  )

test('reads the rules, jumps and counters of iptables', () => {
  const reject =
    'lab: -A lab -s 10.0.0.0/24 -p icmp -m icmp --icmp-type 8 -j REJECT --reject-with icmp-port-unreachable'
  expect(accusedByIptables(docker, 'iptables-legacy')).toEqual([reject, 'FORWARD: policy'])
  expect(accusedByIptables(docker, 'iptables-legacy', https)).toEqual([
    'lab: -A lab -p tcp -m tcp --dport 443 -j DROP',
    'FORWARD: policy',
  ])
})

test('a policy that has counted nothing is not accused, unless nobody counts', () => {
  const idle = docker.replace('DROP [4:336]', 'DROP [0:0]')
  expect(accusedByIptables(idle, 'iptables-legacy')).not.toContain('FORWARD: policy')
  expect(accusedByIptables(idle, 'iptables-nft')).toContain('FORWARD: policy')
})
