/** Names the link that a parameter is of. */
export function linkIn(key: string): string | undefined {
  const link = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(key)?.[1]
  return link === 'all' || link === 'default' ? undefined : link
}

/** Says whether setting the parameter can make the kernel drop IPv6 addresses and routes. */
export const dropsIpv6 = (key: string): boolean => /^net\/ipv6\/conf\/(?!default\/)[^/]+\/disable_ipv6$/.test(key)

/** Says whether setting the parameter can make the kernel add link-local addresses. */
export const makesLinkLocals = (key: string): boolean =>
  /^net\/ipv6\/conf\/(?!default\/)[^/]+\/addr_gen_mode$/.test(key)
