import { canonical } from '../../core/net.ts'
import { ofObject } from '../../core/memo.ts'
import type { Earlier } from '../../core/step.ts'
import { networkOfInput, type Input as AddrInput } from './addr-state.ts'
import { inputOf } from './earlier.ts'
import { losesIpv6By } from './ipv6-loss.ts'
import type { Input as LinkInput } from './link-input.ts'
import type { RouteInput } from './route-input.ts'
import type { SysctlInput } from './sysctl-input.ts'
import { linkIn } from './sysctl-keys.ts'

/** Says whether the route may be one that the kernel makes by itself with an address. */
export function mayComeWith(address: AddrInput, { netns, to, table }: RouteInput): boolean {
  return address.netns === netns && (table === 254 ? prefixOf(address) === to : table === 255)
}

/** The prefix that the kernel makes a route to with an address, as a route says it. */
const prefixOf = ofObject((address: AddrInput): string =>
  canonical(networkOfInput(address)).replace(/(?<!:.*)\/32$|\/128$/, ''),
)

/** Says whether an earlier step takes a link away from the routes of a netns, or sets it down. */
export function dropsRoute(earlier: Earlier, { netns, family }: RouteInput, dev: string | undefined): boolean {
  if (dev === undefined) return false
  const other = inputOf<LinkInput>(earlier, 'link')
  const isIt = other !== undefined && other.netns === netns && other.link === dev
  const goes = isIt && (other.state === 'down' || other.moveTo !== undefined)
  return goes || (family === 'ipv6' && losesIpv6By(earlier, netns, dev))
}

/** Says whether an earlier step could drop a route whose link is not known. */
export function mayDropRoutes(earlier: Earlier, wanted: RouteInput): boolean {
  const link = inputOf<LinkInput>(earlier, 'link')?.link ?? linkIn(inputOf<SysctlInput>(earlier, 'sysctl')?.key ?? '')
  return dropsRoute(earlier, wanted, link ?? 'all')
}
