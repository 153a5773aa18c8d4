import type { Fingerprint } from '../core/fingerprint.ts'
import type { Json } from '../core/json.ts'

/**
 * A fingerprint without what two runs of one workflow may differ in: the numbers and macs that the kernel gives, and the order
 * and names by them, the run that the comments of rules name, what the kernel does in the background in its own time (whether
 * a carrier is seen, link-local addresses), and which of the tables of iptables, which do not wait for each other, was made
 * first.
 */
export function comparable(seen: Fingerprint | Json): Json {
  const text = JSON.stringify(seen, (key, value: Json) => {
    if (key === 'nft' && value !== null) return inOneOrder(value as readonly string[])
    if (key === 'info_data') return withoutLower(value)
    return kernelGiven.has(key) ? undefined : withoutBackground(value)
  })
  return JSON.parse(
    text
      .replaceAll(/nsnet:[a-z0-9]{8}\//g, 'nsnet:RUN/')
      // in the id of a bridge, the bytes of its mac lack leading zeros
      .replaceAll(/"([0-9a-f]{4}\.)(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}"/g, '"$1MAC"')
      .replaceAll(/(?!00:00|ff:ff)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/g, 'MAC')
      .replaceAll(/ (dead )?linkdown\b/g, ''),
  ) as Json
}

/**
 * The link that a tunnel is put on is told by its number, and the name that this has here: that of another link, if it is in
 * another netns.
 */
function withoutLower(data: Json): Json {
  const { link: _, ...rest } = data as { readonly [field: string]: Json }
  return rest
}

const kernelGiven = new Set(['inode', 'made', 'ifindex', 'link_index', 'link_netnsid', 'operstate'])

function withoutBackground(value: Json): Json {
  if (!Array.isArray(value)) return value
  const items: readonly Json[] = value
  const kept = items.filter((item) => !isLinkLocal(item) && item !== 'NO-CARRIER' && item !== 'LOWER_UP')
  // the kernel lists links by their ifindex
  return kept.every(isLink) ? kept.toSorted((a, b) => (a.ifname < b.ifname ? -1 : 1)) : kept
}

const isLink = (item: Json): item is { readonly ifname: string } =>
  typeof item === 'object' && item !== null && 'ifname' in item && typeof item.ifname === 'string'

const isLinkLocal = (item: Json): boolean =>
  typeof item === 'string'
    ? /\b(fe80::|ff00::\/8)/.test(item)
    : typeof item === 'object' && item !== null && 'scope' in item && item.scope === 'link'

/** Puts the tables of iptables into the order of their names; tables of others keep their places. */
function inOneOrder(ruleset: readonly string[]): readonly string[] {
  const tables = ruleset.join('\n').split(/\n(?=table )/)
  const sorted = tables.filter((table) => ofIptables.test(table)).toSorted()
  return tables.flatMap((table) => (ofIptables.test(table) ? sorted.shift()! : table).split('\n'))
}

const ofIptables = /^table ip6? (raw|mangle|nat|filter|security) /
