import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The job as somebody does it, and the way back: the command lines of two whole processes. */
export interface Peer {
  readonly name: string
  readonly missing?: string | undefined
  readonly up: readonly string[]
  readonly down: readonly string[]
  /** Rules that it makes, where that are others than the tutorial's. */
  readonly rules?: number
  /** Takes away what its way back leaves behind; not timed. */
  readonly sweep?: () => void
}

/** The scripts for one netns: the tutorial as it stands, with the peer born in its netns, and in batches. */
export const scripts = (dir: string): readonly Peer[] => [
  script(dir, 'bash script', tutorial, teardown),
  script(dir, 'bash script, fused by hand', fused, teardown),
  script(dir, 'ip -batch, iptables-restore', batched, batchedTeardown),
]

/** Makes a peer of two scripts for bash. */
export function script(dir: string, name: string, up: string, down: string): Peer {
  const file = (way: string, text: string): readonly string[] => {
    const path = join(dir, `${name.replaceAll(/\W+/g, '-')}-${way}.sh`)
    writeFileSync(path, `set -e\n${text.trim()}\n`)
    return ['bash', path]
  }
  return { name, up: file('up', up), down: file('down', down) }
}

const host = `
ip addr add 10.0.0.1/24 dev veth-host
ip link set veth-host up
ip netns exec ns1 ip addr add 10.0.0.2/24 dev veth-ns
ip netns exec ns1 ip link set veth-ns up
ip netns exec ns1 ip link set lo up
ip netns exec ns1 ip route add default via 10.0.0.1
sysctl -w net.ipv4.ip_forward=1
iptables -t nat -A POSTROUTING -s 10.0.0.0/24 -o eth0 -j MASQUERADE
iptables -A FORWARD -i veth-host -o eth0 -j ACCEPT
iptables -A FORWARD -i eth0 -o veth-host -m state --state RELATED,ESTABLISHED -j ACCEPT`

const tutorial = `
ip netns add ns1
ip link add veth-host type veth peer name veth-ns
ip link set veth-ns netns ns1${host}`

const fused = `
ip netns add ns1
ip link add veth-host type veth peer name veth-ns netns ns1${host}`

const teardown = `
iptables -D FORWARD -i eth0 -o veth-host -m state --state RELATED,ESTABLISHED -j ACCEPT
iptables -D FORWARD -i veth-host -o eth0 -j ACCEPT
iptables -t nat -D POSTROUTING -s 10.0.0.0/24 -o eth0 -j MASQUERADE
sysctl -w net.ipv4.ip_forward=0
ip link del veth-host
ip netns del ns1`

const batched = `
ip -batch - <<END
netns add ns1
link add veth-host type veth peer name veth-ns netns ns1
addr add 10.0.0.1/24 dev veth-host
link set veth-host up
END
ip -n ns1 -batch - <<END
addr add 10.0.0.2/24 dev veth-ns
link set veth-ns up
link set lo up
route add default via 10.0.0.1
END
echo 1 > /proc/sys/net/ipv4/ip_forward
iptables-restore --noflush <<END
*nat
-A POSTROUTING -s 10.0.0.0/24 -o eth0 -j MASQUERADE
COMMIT
*filter
-A FORWARD -i veth-host -o eth0 -j ACCEPT
-A FORWARD -i eth0 -o veth-host -m state --state RELATED,ESTABLISHED -j ACCEPT
COMMIT
END`

const batchedTeardown = `
iptables-restore --noflush <<END
*nat
-D POSTROUTING -s 10.0.0.0/24 -o eth0 -j MASQUERADE
COMMIT
*filter
-D FORWARD -i veth-host -o eth0 -j ACCEPT
-D FORWARD -i eth0 -o veth-host -m state --state RELATED,ESTABLISHED -j ACCEPT
COMMIT
END
echo 0 > /proc/sys/net/ipv4/ip_forward
ip -batch - <<END
link del veth-host
netns del ns1
END`
