/** A feature of the kernel, and the line of a shell that uses it. */
export interface Feature {
  readonly name: string
  /** Steps of nsnet need it; the others only some workflows. */
  readonly needed: boolean
  /** Runs in a private namespace in which the features before it have left what they made. */
  readonly by: string
  /** A line of a shell; only where it ends with 0 the feature is tried. */
  readonly when?: string
  /** What to do where it does not work. */
  readonly fix: string
}

const kernelHas = (...modules: readonly string[]): string =>
  `take a kernel that has it (linux-modules-extra on Ubuntu), or load it: modprobe ${modules.join(' ')}`

/** Begins what to do about what only some workflows need. */
export const FOR_SOME = 'where a workflow needs it: '

const forSome = (module: string): string => `${FOR_SOME}modprobe ${module}`

const container = 'in a container, start it with --privileged'

const RULE = '-A FORWARD -m comment --comment nsnet -m conntrack --ctstate ESTABLISHED -j ACCEPT'

const MASQUERADE = '-t nat -A POSTROUTING -j MASQUERADE'

const modulesOfRules = kernelHas('nf_tables', 'nft_compat', 'nf_conntrack', 'xt_conntrack', 'xt_comment')

/**
 * Loading the module dummy makes a link dummy0 in the host, unless modprobe is told otherwise. So it is tried only where
 * nothing is loaded for it: no modules at all, loaded already, built in, not there, or told otherwise.
 */
const DUMMY_IS_HARMLESS = [
  '[ ! -e /proc/modules ] || [ -e /sys/module/dummy ] ||',
  '{ lib="/lib/modules/$(uname -r)"; [ -e "$lib/modules.dep" ] &&',
  '{ grep -qs \'/dummy\\.ko\' "$lib/modules.builtin" || ! grep -q \'/dummy\\.ko\' "$lib/modules.dep" ||',
  "grep -qrsh '^options dummy .*numdummies=0' /etc/modprobe.d /run/modprobe.d /usr/lib/modprobe.d /lib/modprobe.d; }; }",
].join(' ')

/**
 * A mount of its own keeps the name of the netns inside. Where `/run/netns` is not there yet, it hides all of `/run`, where
 * programs may be (NixOS): so it comes last, and calls `ip` by its real name. `exec` also mounts a `/sys`.
 */
const NETNS =
  'ip=$(readlink -f "$(command -v ip)"); own=/run; [ -d /run/netns ] && own=/run/netns; ' +
  'mount -t tmpfs nsnet $own && $ip netns add lab && $ip netns exec lab $ip -V'

/** The features that are tried, each after those whose work it builds on. */
export const features: readonly Feature[] = [
  { name: 'veth', needed: true, by: 'ip link add v0 type veth peer name v1', fix: kernelHas('veth') },
  { name: 'bridge', needed: true, by: 'ip link add b0 type bridge', fix: kernelHas('bridge') },
  {
    name: 'sysctl',
    needed: true,
    by: 'sysctl -q -w net.ipv4.ip_forward=1',
    fix: container,
  },
  {
    name: 'ping',
    needed: true,
    by: 'ip link set lo up && ping -c 1 -W 1 127.0.0.1',
    fix: `see what it says: ping -c 1 127.0.0.1\nin a container, start it with --cap-add NET_RAW`,
  },
  { name: 'iptables', needed: true, by: `iptables -w ${RULE}`, fix: modulesOfRules },
  {
    name: 'iptables nat',
    needed: true,
    by: `iptables -w ${MASQUERADE}`,
    fix: kernelHas('nft_compat', 'nf_nat', 'xt_MASQUERADE', 'iptable_nat'),
  },
  {
    name: 'nftables',
    needed: true,
    by: "nft 'table inet t { chain f { type filter hook forward priority 0; ct state established accept; }; }'",
    fix: kernelHas('nf_tables', 'nft_ct'),
  },
  {
    name: 'nftables nat',
    needed: true,
    by: "nft 'table ip n { chain p { type nat hook postrouting priority 100; masquerade; }; }'",
    fix: kernelHas('nft_masq', 'nft_chain_nat'),
  },
  {
    name: 'IPv6',
    needed: false,
    by: 'ip -6 address add 2001:db8::1/128 dev v0',
    fix: 'switch it on, where the kernel has it: sysctl -w net.ipv6.conf.all.disable_ipv6=0',
  },
  {
    name: 'ip6tables nat',
    needed: false,
    by: `ip6tables -w ${MASQUERADE}`,
    fix: kernelHas('nft_masq', 'ip6table_nat'),
  },
  { name: 'iptables-nft', needed: false, by: `iptables-nft -w ${RULE}`, fix: modulesOfRules },
  {
    name: 'iptables-legacy',
    needed: false,
    by: `iptables-legacy -w ${RULE}`,
    fix: 'nothing, as long as iptables is of nft',
  },
  { name: 'macvlan', needed: false, by: 'ip link add link v0 name m0 type macvlan', fix: forSome('macvlan') },
  // another lower link: a link has either macvlans or ipvlans
  { name: 'ipvlan', needed: false, by: 'ip link add link v1 name i0 type ipvlan', fix: forSome('ipvlan') },
  { name: 'vlan', needed: false, by: 'ip link add link v0 name l0 type vlan id 7', fix: forSome('8021q') },
  { name: 'vxlan', needed: false, by: 'ip link add x0 type vxlan id 7 dstport 4789', fix: forSome('vxlan') },
  {
    name: 'tun',
    needed: false,
    by: 'ip tuntap add dev t0 mode tun',
    fix: `${forSome('tun')}\nin a container, start it with --device /dev/net/tun`,
  },
  {
    name: 'dummy',
    needed: false,
    by: 'ip link add d0 type dummy',
    when: DUMMY_IS_HARMLESS,
    fix: forSome('dummy'),
  },
  { name: 'wireguard', needed: false, by: 'ip link add w0 type wireguard', fix: forSome('wireguard') },
  { name: 'netem', needed: false, by: 'tc qdisc add dev v0 root netem delay 1ms', fix: forSome('sch_netem') },
  { name: 'netns', needed: true, by: NETNS, fix: container },
]
