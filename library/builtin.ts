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
import workflow from '../plugins/workflow.ts'

/** The step types that nsnet brings along. */
export const builtinSteps = [
  netns,
  veth,
  link,
  addr,
  route,
  sysctl,
  iptables,
  nftables,
  check,
  workflow,
] as unknown as readonly Step[]
