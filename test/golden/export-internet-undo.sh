#!/bin/sh
# Takes back what the script of "internet" with the run below has made.
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
# Run it as root: sudo sh FILE. It goes by names and comments, and does not look
# whether others have changed what it takes away, or need it, as nsnet undo does.

{ # up to the last line: nothing is done before all of it was read
set -eu
PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
LC_ALL=C
export PATH LC_ALL
[ "$(id -u)" = 0 ] || {
  echo 'expected to be run as root' >&2
  exit 77
}

failed=0

# step internet (check): The namespace reaches the internet
#   only looks

# step forward-back (iptables)
iptables-nft -w 5 -t filter -D FORWARD -i enp1s0 -o veth-host -m state --state RELATED,ESTABLISHED -j ACCEPT -m comment --comment nsnet:RUN/forward-back:58c5c4 || failed=1

# step forward-out (iptables)
iptables-nft -w 5 -t filter -D FORWARD -i veth-host -o enp1s0 -j ACCEPT -m comment --comment nsnet:RUN/forward-out:adb4d6 || failed=1
iptables-nft -w 5 -t filter -X FORWARD || failed=1
nft -f - <<'EOF' || failed=1
create chain ip filter INPUT
create chain ip filter FORWARD
create chain ip filter OUTPUT
delete table ip filter
EOF

# step masquerade (iptables): Outside, packets seem to come from the host
iptables-nft -w 5 -t nat -D POSTROUTING -s 10.0.0.0/24 -o enp1s0 -j MASQUERADE -m comment --comment nsnet:RUN/masquerade:797404 || failed=1
iptables-nft -w 5 -t nat -X POSTROUTING || failed=1
nft -f - <<'EOF' || failed=1
create chain ip nat PREROUTING
create chain ip nat INPUT
create chain ip nat OUTPUT
create chain ip nat POSTROUTING
delete table ip nat
EOF

# step forwarding (sysctl): The host passes packets on between its links
sysctl -e -q -w net/ipv4/ip_forward=0 || failed=1

# step default-route (route): What is not local goes to the host
ip -n ns1 route delete default via 10.0.0.1 metric 0 proto boot || failed=1

# step host-reaches-netns (check)
#   only looks

# step netns-reaches-host (check)
#   only looks

# step loopback-up (link)
ip -n ns1 link set dev lo down || failed=1
ip -n ns1 address delete 127.0.0.1/8 dev lo || failed=1

# step netns-up (link)
ip -n ns1 link set dev veth-ns down || failed=1

# step netns-address (addr): The namespace's address on the cable
ip -n ns1 address delete 10.0.0.2/24 dev veth-ns || failed=1

# step host-up (link)
ip link set dev veth-host down || failed=1

# step host-address (addr): The host's address on the cable
ip address delete 10.0.0.1/24 dev veth-host || failed=1

# step cable (veth): A virtual cable from the host into the namespace
ip link delete dev veth-host || failed=1

# step netns (netns): An isolated network stack
ip netns delete ns1 || failed=1

[ "$failed" = 0 ] || {
  echo 'some commands of the way back failed: what they say is above' >&2
  exit 1
}
} </dev/null
