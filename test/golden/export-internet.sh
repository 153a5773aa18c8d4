#!/bin/sh
# Does what nsnet would do for "internet".
#
#   workflow  /home/me/workflows/internet.json
#   sha256    HASH
#   input     netns = "ns1"
#   input     hostLink = "veth-host"
#   input     netnsLink = "veth-ns"
#   input     prefix = "10.0.0.0/24"
#   input     uplink = "enp1s0"
#   input     target = "google.com"
#   run       tutorial
#   host      uplink enp1s0, iptables nft, kernel KERNEL
#   written   TIME by nsnet VERSION
#
# It fits this host as it was then, and works without nsnet.
# Save it, and its way back before it runs; then run it as root:
#   nsnet export workflows/internet.json --id tutorial > up.sh
#   nsnet export workflows/internet.json --id tutorial --undo > down.sh
#   sudo sh up.sh

{ # up to the last line: nothing is done before all of it was read
set -eu
PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
LC_ALL=C
export PATH LC_ALL
[ "$(id -u)" = 0 ] || {
  echo 'expected to be run as root' >&2
  exit 77
}

# holds SECONDS PAUSE COMMAND…: tries until the command succeeds or the seconds are over
holds() {
  end=$(($(date +%s) + $1))
  pause=$2
  shift 2
  until said=$("$@" 2>&1); do
    if [ "$(date +%s)" -ge "$end" ]; then
      printf 'does not hold: %s\n%s\n' "$*" "$said" >&2
      return 1
    fi
    sleep "$pause"
  done
}

# step netns (netns): An isolated network stack
ip netns add ns1

# step cable (veth): A virtual cable from the host into the namespace
ip link add name veth-host address d2:b3:2a:01:fe:8c type veth peer name veth-ns netns ns1 address d2:e4:96:ac:1f:d2

# step host-address (addr): The host's address on the cable
ip address add 10.0.0.1/24 dev veth-host

# step host-up (link)
ip link set dev veth-host up

# step netns-address (addr): The namespace's address on the cable
ip -n ns1 address add 10.0.0.2/24 dev veth-ns

# step netns-up (link)
ip -n ns1 link set dev veth-ns up

# step loopback-up (link)
ip -n ns1 link set dev lo up

# step netns-reaches-host (check)
holds 10 1 ip netns exec ns1 ping -n -c 2 -i 0.2 -W 2 -- 10.0.0.1

# step host-reaches-netns (check)
holds 10 1 ping -n -c 2 -i 0.2 -W 2 -- 10.0.0.2

# step default-route (route): What is not local goes to the host
ip -n ns1 route add default via 10.0.0.1

# step forwarding (sysctl): The host passes packets on between its links
sysctl -q -w net/ipv4/ip_forward=1

# step masquerade (iptables): Outside, packets seem to come from the host
iptables-nft -w 5 -t nat -A POSTROUTING -s 10.0.0.0/24 -o enp1s0 -j MASQUERADE -m comment --comment nsnet:RUN/masquerade:797404

# step forward-out (iptables)
iptables-nft -w 5 -t filter -A FORWARD -i veth-host -o enp1s0 -j ACCEPT -m comment --comment nsnet:RUN/forward-out:adb4d6

# step forward-back (iptables)
iptables-nft -w 5 -t filter -A FORWARD -i enp1s0 -o veth-host -m state --state RELATED,ESTABLISHED -j ACCEPT -m comment --comment nsnet:RUN/forward-back:58c5c4

# step internet (check): The namespace reaches the internet
holds 10 1 ip netns exec ns1 ping -n -c 2 -i 0.2 -W 2 -- google.com
} </dev/null
