import { hostname } from 'node:os'
import { quote } from '../../core/quote.ts'

/** The host's link to the internet. */
const UPLINK = 'enp1s0'

/** Where the sandbox keeps what is its own; gone with it. */
export const OWN = '/run/nsnet/own'

/** The `/etc` of before. */
const OLD_ETC = '/run/nsnet/etc'
const INTERNET = `${OWN}/internet`

/** Where runs inside the sandbox are journaled: gone with it. */
export const STATE = `${OWN}/state`

/** Programs that only the sandbox has. */
export const BIN = `${OWN}/bin`

/**
 * Writes the shell script that makes the little world of the sandbox, inside namespaces of its own: a private `/run` and
 * `/etc`, a host with an uplink and default routes, and behind it an "internet" without a route back to private prefixes.
 * `nsnet` are the words of the command that is the program `nsnet` there; without any, there is none.
 */
export const worldScript = (nsnet: readonly string[]): string =>
  ['set -e', 'umask 022', privateEtc(), ownPlace(), program(nsnet), network].join('\n')

/** Addresses from the prefixes for documentation: no host of the real internet has them. @see RFC 5737, RFC 3849 */
const hosts = (): string => `127.0.0.1 localhost
::1 localhost ip6-localhost
127.0.1.1 ${hostname()}
203.0.113.10 google.com www.google.com internet
2001:db8:113::10 ipv6.google.com
`

const tmpfsOn = (dir: string): string => `mount -t tmpfs -o mode=755 nsnet ${dir}`

/** Writes what a file holds; no line of the text is the word that ends it. */
const fileOf = (path: string, text: string): string => `cat >${path} <<'NSNET_END'\n${text}NSNET_END`

/**
 * An empty `/run`, and an `/etc` whose entries lead to the old one, but for the names of hosts. In a sandbox inside another
 * one, both are private already.
 */
const privateEtc = (): string => `if [ ! -e ${OLD_ETC} ]; then
${tmpfsOn('/run')}
mkdir -p /run/lock ${OLD_ETC}
mount --rbind /etc ${OLD_ETC}
${tmpfsOn('/etc')}
find ${OLD_ETC} -mindepth 1 -maxdepth 1 ! -name netns ! -name hosts ! -name resolv.conf ! -name nsswitch.conf \
-exec sh -c 'ln -s "$@" /etc' - {} +
${fileOf('/etc/hosts', hosts())}
echo '# nobody answers here: the names of the sandbox are in /etc/hosts' >/etc/resolv.conf
sed '/^hosts:/d' ${OLD_ETC}/nsswitch.conf >/etc/nsswitch.conf 2>/dev/null || :
echo 'hosts: files' >>/etc/nsswitch.conf
fi`

/** Private `/run/netns` and `/etc/netns`, a place for the sandbox itself, and a `/sys` that shows the private links. */
const ownPlace = (): string => `for dir in /run/netns /etc/netns ${OWN}; do
mkdir -p $dir
${tmpfsOn('$dir')}
done
mkdir -m 700 ${STATE}
mkdir ${BIN}
mount -t sysfs sysfs /sys 2>/dev/null || :`

const program = (nsnet: readonly string[]): string =>
  nsnet.length === 0
    ? ''
    : `${fileOf(`${BIN}/nsnet`, `#!/bin/sh\nexec ${nsnet.map(quote).join(' ')} "$@"\n`)}\nchmod 755 ${BIN}/nsnet`

/**
 * With link-local addresses that are the same every time, and never tentative. Without any, the kernel cannot ask whether a
 * neighbour is still there, and IPv6 ends after some ten seconds. @see ndisc_send_ns() in net/ipv6/ndisc.c
 */
const hostLines = [
  'link set dev lo up',
  `link add name ${UPLINK} type veth peer name eth0 netns ${INTERNET}`,
  `link set dev ${UPLINK} addrgenmode none`,
  `address add 198.51.100.2/24 dev ${UPLINK}`,
  `address add 2001:db8:51::2/64 dev ${UPLINK} nodad`,
  `address add fe80::2/64 dev ${UPLINK} nodad`,
  `link set dev ${UPLINK} up`,
  `route add default via 198.51.100.1 dev ${UPLINK}`,
  `route add default via 2001:db8:51::1 dev ${UPLINK}`,
]

const internetLines = [
  'link set dev lo up',
  'link set dev eth0 addrgenmode none',
  'link set dev eth0 up',
  'address add 198.51.100.1/24 dev eth0',
  'address add 2001:db8:51::1/64 dev eth0 nodad',
  'address add fe80::1/64 dev eth0 nodad',
  'address add 203.0.113.10/32 dev lo',
  'address add 2001:db8:113::10/128 dev lo nodad',
]

const batch = (enter: string, lines: readonly string[]): string =>
  `${enter}ip -batch - <<'NSNET_END'\n${lines.join('\n')}\nNSNET_END`

/** The uplink has a carrier a moment after both ends are up: at most two seconds are waited for it. */
const network = `: >${INTERNET}
unshare --net=${INTERNET} true
${batch('', hostLines)}
${batch(`nsenter --net=${INTERNET} `, internetLines)}
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
case $(ip -br link show dev ${UPLINK}) in *LOWER_UP*) break ;; esac
sleep 0.1
done`
