import type { Step } from '../core/step.ts'
import addr from '../plugins/addr.ts'
import check from '../plugins/check.ts'
import iptables from '../plugins/iptables.ts'
import link from '../plugins/link.ts'
import netns from '../plugins/netns.ts'
import nftables from '../plugins/nftables.ts'
import route from '../plugins/route.ts'
import sysctl from '../plugins/sysctl.ts'
import veth from '../plugins/veth.ts'

/** The step types that most workflows do with: the others are loaded when one of them is named. */
export const commonSteps = [
  netns,
  veth,
  link,
  addr,
  route,
  sysctl,
  iptables,
  nftables,
  check,
] as unknown as readonly Step[]
