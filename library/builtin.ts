import type { Step } from '../core/step.ts'
import bridge from '../plugins/bridge.ts'
import dummy from '../plugins/dummy.ts'
import exec from '../plugins/exec.ts'
import dns from '../plugins/dns.ts'
import file from '../plugins/file.ts'
import ipvlan from '../plugins/ipvlan.ts'
import macvlan from '../plugins/macvlan.ts'
import neigh from '../plugins/neigh.ts'
import nftset from '../plugins/nftset.ts'
import qdisc from '../plugins/qdisc.ts'
import rule from '../plugins/rule.ts'
import tun from '../plugins/tun.ts'
import vlan from '../plugins/vlan.ts'
import vxlan from '../plugins/vxlan.ts'
import wireguard from '../plugins/wireguard.ts'
import wait from '../plugins/wait.ts'
import workflow from '../plugins/workflow.ts'
import { commonSteps } from './common-steps.ts'

const others = [
  bridge,
  vlan,
  macvlan,
  ipvlan,
  dummy,
  vxlan,
  tun,
  wireguard,
  rule,
  neigh,
  nftset,
  qdisc,
  dns,
  file,
  wait,
  workflow,
  exec,
] as unknown as readonly Step[]

/** The step types that nsnet brings along. */
export const builtinSteps: readonly Step[] = [...commonSteps, ...others]
