import { linkKey, netnsKey } from '../../core/resource.ts'
import type { Earlier } from '../../core/step.ts'
import { linksBornBy } from './born-links.ts'
import { inputOf, linksMadeBy, makes } from './earlier.ts'
import type { Input as LinkInput } from './link-input.ts'
import { sidesOf } from './sysctl-couplings.ts'
import type { SysctlInput } from './sysctl-input.ts'
import { dropsIpv6, linkIn, makesLinkLocals } from './sysctl-keys.ts'
import type { SysctlState } from './sysctl-state.ts'

/** Says what a step `sysctl` will see once an earlier step is applied. */
export function foretellSysctl(wanted: SysctlInput, state: SysctlState, earlier: Earlier): SysctlState | undefined {
  const { netns, key } = wanted
  const link = linkIn(key)
  // what a new netns or link begins with is up to the kernel
  if (netns !== undefined && makes(earlier, netnsKey(netns))) return undefined
  if (link !== undefined && makes(earlier, linkKey(netns, link))) return undefined
  const other = inputOf<SysctlInput>(earlier, 'sysctl')
  if (other) return other.netns === netns ? afterSysctl(key, state, other) : state
  if (changesIpv6(wanted, earlier)) return undefined
  const change = inputOf<LinkInput>(earlier, 'link')
  if (change?.netns === netns && change !== undefined) return afterLink(key, state, change)
  return withLinks(wanted, state, earlier)
}

function afterSysctl(key: string, state: SysctlState, { key: other, value }: SysctlInput): SysctlState | undefined {
  if (other !== key) return areCoupled(key, other) ? undefined : state
  const sides = sidesOf(key, state.links)
  const isSure = sides.every(({ rewrites, expected }) => rewrites === 'all' && expected(value) !== undefined)
  if (!isSure || makesLinkLocals(key)) return undefined
  const gone = dropsIpv6(key) && value === '1' ? { addresses: [], routes: [] } : {}
  return { ...state, ...gone, value, exceptions: {} }
}

/** Says whether the kernel rewrites one of two parameters when the other is set. */
const areCoupled = (key: string, other: string): boolean => sets(key, other) || sets(other, key)

function sets(key: string, side: string): boolean {
  const link = linkIn(side)
  return sidesOf(key, link === undefined ? [] : [link]).some(({ path }) => path === side)
}

/** Says whether an earlier step may change the addresses or routes that setting the parameter makes the kernel drop or make. */
function changesIpv6({ netns, key }: SysctlInput, { uses, input }: Earlier): boolean {
  if (!dropsIpv6(key) && !makesLinkLocals(key)) return false
  const { netns: place, link, dev } = input as { netns?: string; link?: string; dev?: string }
  const own = linkIn(key) ?? link ?? dev
  return /^(addr|route|link)$/.test(uses) && place === netns && (link ?? dev ?? own) === own
}

/** A link that changes or goes, among those that the parameter is of. */
function afterLink(key: string, state: SysctlState, { link, mtu, moveTo }: LinkInput): SysctlState | undefined {
  const isIts = linkIn(key) === link
  if (moveTo !== undefined) {
    if (isIts) return { ...state, value: null, fault: 'does not exist', near: [] }
    const exceptions = Object.entries(state.exceptions).filter(([path]) => linkIn(path) !== link)
    return { ...state, links: state.links.filter((it) => it !== link), exceptions: Object.fromEntries(exceptions) }
  }
  // below 1280 bytes a link has no IPv6 (RFC 8200 §5)
  const changesSix = mtu !== undefined && (mtu < 1280 || !state.links.includes(link))
  const isWide = linkIn(key) === undefined && sidesOf(key, [link]).some(({ path }) => linkIn(path) === link)
  return key.startsWith('net/ipv6/') && mtu !== undefined && (isIts || (isWide && changesSix)) ? undefined : state
}

/** A new link begins with what `conf/default` says. */
function withLinks({ netns, key }: SysctlInput, state: SysctlState, earlier: Earlier): SysctlState | undefined {
  const born = linksMadeBy(earlier, netns)
  const sides = sidesOf(key, born).flatMap(({ path }) => {
    const link = linkIn(path)
    return link !== undefined && born.includes(link) ? [{ path, origin: path.replace(`/${link}/`, '/default/') }] : []
  })
  if (sides.length === 0 || linkIn(key) !== undefined) return state
  const known = new Set([key, ...sidesOf(key, []).map(({ path }) => path)])
  if (sides.some(({ origin }) => !known.has(origin)) || mayLackIpv6(key, earlier)) return undefined
  const odd = sides.flatMap(({ path, origin }) =>
    origin in state.exceptions ? [[path, state.exceptions[origin]!] as const] : [],
  )
  const links = [...new Set([...state.links, ...born])].toSorted()
  return { ...state, links, exceptions: { ...state.exceptions, ...Object.fromEntries(odd) } }
}

/** Below 1280 bytes a link has no IPv6 (RFC 8200 §5); an MTU of 0 is not known. */
function mayLackIpv6(key: string, earlier: Earlier): boolean {
  if (!key.startsWith('net/ipv6/')) return false
  const moves = inputOf<LinkInput>(earlier, 'link') !== undefined
  const born = linksBornBy(earlier)
  return moves || born.length === 0 || born.some(({ mtu }) => mtu < 1280)
}
