"""The job of one netns on pyroute2: `up` and `down`."""

import subprocess
import sys

from pyroute2 import IPRoute, NetNS, netns

RULES = """*nat
{0} POSTROUTING -s 10.0.0.0/24 -o eth0 -j MASQUERADE
COMMIT
*filter
{0} FORWARD -i veth-host -o eth0 -j ACCEPT
{0} FORWARD -i eth0 -o veth-host -m state --state RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""


def up():
    netns.create("ns1")
    with IPRoute() as host:
        peer = {"ifname": "veth-ns", "net_ns_fd": "ns1"}
        host.link("add", ifname="veth-host", kind="veth", peer=peer)
        link = host.link_lookup(ifname="veth-host")[0]
        host.addr("add", index=link, address="10.0.0.1", prefixlen=24)
        host.link("set", index=link, state="up")
    with NetNS("ns1") as inside:
        link = inside.link_lookup(ifname="veth-ns")[0]
        inside.addr("add", index=link, address="10.0.0.2", prefixlen=24)
        inside.link("set", index=link, state="up")
        inside.link("set", index=1, state="up")
        inside.route("add", dst="default", gateway="10.0.0.1")
    forward("1")
    restore("-A")


def down():
    restore("-D")
    forward("0")
    with IPRoute() as host:
        host.link("del", index=host.link_lookup(ifname="veth-host")[0])
    netns.remove("ns1")


def forward(value):
    with open("/proc/sys/net/ipv4/ip_forward", "w") as file:
        file.write(value)


def restore(change):
    subprocess.run(["iptables-restore", "--noflush"], input=RULES.format(change), text=True, check=True)


{"up": up, "down": down}[sys.argv[1]]()
