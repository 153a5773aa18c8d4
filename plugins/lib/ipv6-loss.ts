import { keyIn, type ResourceKey } from '../../core/resource.ts'
import type { Earlier } from '../../core/step.ts'
import { inputOf } from './earlier.ts'
import type { Input as LinkInput } from './link-input.ts'
import type { SysctlInput } from './sysctl-input.ts'

/** Keys the sysctl that switches IPv6 off for all links of a netns. */
export const ipv6SwitchKey = (netns: string | undefined): ResourceKey =>
  keyIn('sysctl', netns, 'net.ipv6.conf.all.disable_ipv6')

/**
 * Says whether an earlier step makes the kernel drop the IPv6 addresses and routes of a link: by setting it down, by an MTU
 * below 1280 (RFC 8200 §5), or by `disable_ipv6`.
 */
export function losesIpv6By(earlier: Earlier, netns: string | undefined, link: string): boolean {
  const change = inputOf<LinkInput>(earlier, 'link')
  if (change)
    return change.netns === netns && change.link === link && (change.state === 'down' || (change.mtu ?? 1280) < 1280)
  const sysctl = inputOf<SysctlInput>(earlier, 'sysctl')
  if (sysctl?.netns !== netns || sysctl?.value !== '1') return false
  return sysctl.key === `net/ipv6/conf/${link}/disable_ipv6` || sysctl.key === 'net/ipv6/conf/all/disable_ipv6'
}
