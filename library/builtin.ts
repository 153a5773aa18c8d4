import type { Step } from '../core/step.ts'
import addr from '../plugins/addr.ts'
import bridge from '../plugins/bridge.ts'
import check from '../plugins/check.ts'
import dummy from '../plugins/dummy.ts'
import exec from '../plugins/exec.ts'
import dns from '../plugins/dns.ts'
import file from '../plugins/file.ts'
import iptables from '../plugins/iptables.ts'
import ipvlan from '../plugins/ipvlan.ts'
import link from '../plugins/link.ts'
import macvlan from '../plugins/macvlan.ts'
import neigh from '../plugins/neigh.ts'
import netns from '../plugins/netns.ts'
import nftables from '../plugins/nftables.ts'
import nftset from '../plugins/nftset.ts'
import qdisc from '../plugins/qdisc.ts'
import route from '../plugins/route.ts'
import rule from '../plugins/rule.ts'
import sysctl from '../plugins/sysctl.ts'
import tun from '../plugins/tun.ts'
import veth from '../plugins/veth.ts'
import vlan from '../plugins/vlan.ts'
import vxlan from '../plugins/vxlan.ts'
import wireguard from '../plugins/wireguard.ts'
import wait from '../plugins/wait.ts'
import workflow from '../plugins/workflow.ts'

/** The step types that nsnet brings along. */
export const builtinSteps = [
  netns,
  veth,
  bridge,
  vlan,
  macvlan,
  ipvlan,
  dummy,
  vxlan,
  tun,
  wireguard,
  link,
  addr,
  route,
  rule,
  neigh,
  sysctl,
  iptables,
  nftables,
  nftset,
  qdisc,
  dns,
  file,
  check,
  wait,
  workflow,
  exec,
] as unknown as readonly Step[]
