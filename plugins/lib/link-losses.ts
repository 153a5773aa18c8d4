import { canonical } from '../../core/net.ts'
import { addressWords, type Words } from './dropped-words.ts'
import type { IpAddress, IpLink } from './ip-json.ts'
import type { Input } from './link-input.ts'

/** Says whether the kernel takes IPv6 off a link of this MTU. */
export const losesIpv6 = ({ mtu: bytes = 1280 }: Input): boolean => bytes < 1280

/** Says whether a step makes the kernel drop the link's sysctls. */
export const losesSysctls = (wanted: Input): boolean => losesIpv6(wanted) || wanted.moveTo !== undefined

/** Says whether a step makes the kernel drop the link's routes. */
export const losesRoutes = (wanted: Input): boolean => losesSysctls(wanted) || wanted.state === 'down'

/** Says whether the link keeps its IPv6 addresses, also when the step is taken back. */
export const keepsIpv6 = (wanted: Input): boolean => wanted.state === undefined && !losesRoutes(wanted)

type Sysctls = { readonly [key: string]: string }

/** Picks those of a link that differ from the default's, which the kernel gives a new link; `mtu` it sets by the link's. */
export function ownSysctls(all: Sysctls, link: string): Sysctls {
  const own = Object.entries(all).filter(([key, value]) => {
    const [net, family, kind, name, field] = key.split('/')
    return name === link && field !== 'mtu' && value !== all[[net, family, kind, 'default', field].join('/')]
  })
  return Object.fromEntries(own)
}

/**
 * Lists the IPv6 addresses that stay until they are deleted, oldest first (the kernel lists the newest first); the link-local one
 * of the mac and `::1` come by themselves.
 */
export function staticAddresses({ addr_info: all = [], address: hardware = '' }: IpLink): readonly Words[] {
  const own = (it: IpAddress): boolean =>
    !(it.dynamic ?? it.temporary ?? ['::1', linkLocal(hardware)].includes(it.local))
  return all
    .filter((it) => it.family === 'inet6' && own(it))
    .map(addressWords)
    .toReversed()
}

/** The link-local address that the kernel makes of a mac. @see RFC 4291 appendix A */
function linkLocal(hardware: string): string | undefined {
  const [a, b, c, d, e, f] = hardware.split(':')
  if (f === undefined) return undefined
  return canonical(`fe80::${(Number.parseInt(a!, 16) ^ 2).toString(16)}${b}:${c}ff:fe${d}:${e}${f}`)
}
