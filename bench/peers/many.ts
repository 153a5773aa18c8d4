import { join } from 'node:path'
import { printed, works } from '../timed.ts'
import { script, type Peer } from './scripts.ts'

/** Those who make N netns: number i has the name `many<i>`, the host's link `v<i>` and four addresses of its own. */
export const manyPeers = (dir: string, count: number): readonly Peer[] => [
  script(dir, 'bash loop', loop(count, one), loop(count, oneTeardown)),
  script(dir, 'ip -batch, iptables-restore', batched(count), batchedTeardown(count)),
  floor(dir, count),
]

const each = (count: number, body: string): string =>
  `for i in $(seq ${count}); do n=$((i * 4)); p=10.$((n >> 16)).$((n >> 8 & 255)); b=$((n & 255))\n${body.trim()}\ndone`

const loop = (count: number, { before, body }: { readonly before: string; readonly body: string }): string =>
  `${before}\n${each(count, body)}`

const one = {
  before: 'sysctl -w net.ipv4.ip_forward=1',
  body: `
ip netns add many$i
ip link add v$i type veth peer name eth0-$i
ip link set eth0-$i netns many$i
ip addr add $p.$((b + 1))/30 dev v$i
ip link set v$i up
ip netns exec many$i ip addr add $p.$((b + 2))/30 dev eth0-$i
ip netns exec many$i ip link set eth0-$i up
ip netns exec many$i ip link set lo up
ip netns exec many$i ip route add default via $p.$((b + 1))
iptables -t nat -A POSTROUTING -s $p.$b/30 -o eth0 -j MASQUERADE
iptables -A FORWARD -i v$i -o eth0 -j ACCEPT
iptables -A FORWARD -i eth0 -o v$i -m state --state RELATED,ESTABLISHED -j ACCEPT`,
}

const oneTeardown = {
  before: 'sysctl -w net.ipv4.ip_forward=0',
  body: `
iptables -D FORWARD -i eth0 -o v$i -m state --state RELATED,ESTABLISHED -j ACCEPT
iptables -D FORWARD -i v$i -o eth0 -j ACCEPT
iptables -t nat -D POSTROUTING -s $p.$b/30 -o eth0 -j MASQUERADE
ip link del v$i
ip netns del many$i`,
}

const rules = (count: number, change: string): string => `
{
echo '*nat'
${each(count, `echo "${change} POSTROUTING -s $p.$b/30 -o eth0 -j MASQUERADE"`)}
echo 'COMMIT'
echo '*filter'
${each(
  count,
  `echo "${change} FORWARD -i v$i -o eth0 -j ACCEPT"
echo "${change} FORWARD -i eth0 -o v$i -m state --state RELATED,ESTABLISHED -j ACCEPT"`,
)}
echo 'COMMIT'
} | iptables-restore --noflush`

const batched = (count: number): string => `
${each(
  count,
  `echo "netns add many$i
link add v$i type veth peer name eth0 netns many$i
addr add $p.$((b + 1))/30 dev v$i
link set v$i up"`,
)} | ip -batch -
${each(
  count,
  `ip -n many$i -batch - <<END
addr add $p.$((b + 2))/30 dev eth0
link set eth0 up
link set lo up
route add default via $p.$((b + 1))
END`,
)}
echo 1 > /proc/sys/net/ipv4/ip_forward
${rules(count, '-A')}`

/** Each `link del` waits for the kernel by itself (20 ms), also in one batch; a group of links is waited for once. */
const batchedTeardown = (count: number): string => `
${rules(count, '-D')}
echo 0 > /proc/sys/net/ipv4/ip_forward
{
${each(count, 'echo "link set dev v$i group 77"')}
echo "link del group 77"
${each(count, 'echo "netns del many$i"')}
} | ip -batch -`

/** A program in C on raw netlink: what the kernel itself takes, but for the rules, which one iptables-restore makes. */
function floor(dir: string, count: number): Peer {
  const program = join(dir, 'floor')
  const missing = works('gcc', '--version') ? undefined : 'apt-get install gcc libc6-dev'
  if (missing === undefined) printed(['gcc', '-O2', '-Wall', '-o', program, 'bench/peers/floor.c'])
  const call = (way: string): readonly string[] => [program, way, `${count}`]
  return { name: 'C on raw netlink', up: call('up'), down: call('down'), missing }
}
