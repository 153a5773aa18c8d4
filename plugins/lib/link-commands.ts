import { HOST_NETNS, inNetns, ip, type Command } from '../../core/command.ts'
import type { Change } from '../../core/step.ts'
import { gone, goneRoutes, type Words } from './dropped-words.ts'
import { target, type Input } from './link-input.ts'
import { losesIpv6 } from './link-losses.ts'
import { nothing, type LinkState, type State } from './link-state.ts'
import { changesStacked, stackedAfter, stackedBack } from './stacked-links.ts'

/** The commands from what is to what is asked for. */
export function changesOf(wanted: Input, now: State): readonly Command[] {
  const moves = wanted.moveTo !== undefined && !now.moved
  const is = { ...now.link!, up: now.link!.up && !moves }
  const words = difference(wanted, is, intended(wanted, is))
  if (!moves) return set(target(wanted), wanted.link, words)
  const move = (also: Words): Command =>
    ip(wanted.netns, 'link', 'set', 'dev', wanted.link, 'netns', wanted.moveTo!, ...also)
  // `ip` looks a master's name up where the link is before the move
  return wanted.master === undefined ? [move(words)] : [move([]), ...set(wanted.moveTo, wanted.link, words)]
}

/** Lists the fields that differ from what is asked for. */
export function changedFields(wanted: Input, now: LinkState | null): readonly Change[] {
  const [is, to] = [now, now && intended(wanted, now)]
  const rows = (['up', 'mtu', 'mac', 'alias', 'master'] as const).flatMap((field): readonly Change[] =>
    is === null || to === null || is[field] === to[field]
      ? []
      : [{ what: names[field], from: inWords(is[field]), to: inWords(to[field]) ?? 'none' }],
  )
  const moved = wanted.moveTo === undefined ? [] : [{ what: 'netns', from: wanted.netns ?? 'host', to: wanted.moveTo }]
  return [...rows, ...moved].map((change) => ({ ...change, what: `${wanted.link} ${change.what}` }))
}

const names = { up: 'state', mtu: 'mtu', mac: 'mac', alias: 'alias', master: 'master' }

function inWords(value: string | number | boolean | null): string | null {
  if (typeof value === 'boolean') return value ? 'up' : 'down'
  return value === null || value === '' ? null : `${value}`
}

const intended = (wanted: Input, now: LinkState): LinkState => ({
  ifindex: now.ifindex,
  kind: now.kind,
  up: wanted.state === undefined ? now.up : wanted.state === 'up',
  mtu: wanted.mtu ?? now.mtu,
  mac: wanted.mac ?? now.mac,
  alias: wanted.alias ?? now.alias,
  master: wanted.master ?? now.master,
})

/** Writes what to set for `from` to become `to`, of the fields that the step is asked to change; a blank mac is unknown. */
function difference(wanted: Input, from: LinkState, to: LinkState): Words {
  const words: string[] = []
  if (wanted.mtu !== undefined && from.mtu !== to.mtu) words.push('mtu', `${to.mtu}`)
  if (wanted.mac !== undefined && from.mac !== to.mac && to.mac !== '') words.push('address', to.mac)
  if (wanted.alias !== undefined && from.alias !== to.alias) words.push('alias', to.alias)
  if (wanted.master !== undefined && from.master !== to.master)
    words.push(...(to.master === null ? ['nomaster'] : ['master', to.master]))
  if ((wanted.state ?? wanted.moveTo) !== undefined && from.up !== to.up) words.push(to.up ? 'up' : 'down')
  return words
}

/** The kernel sets the mac before it sets a link down, and some drivers refuse a mac while the link is up. */
function set(netns: string | undefined, link: string, words: Words): readonly Command[] {
  const command = (some: Words): Command => ip(netns, 'link', 'set', 'dev', link, ...some)
  if (words.length === 0) return []
  const split = words.includes('address') && words.at(-1) === 'down'
  return split ? [command(['down']), command(words.slice(0, -1))] : [command(words)]
}

/** What is there after applying, as far as it can be known before. */
export function predicted(wanted: Input, before: State): State {
  const moves = wanted.moveTo !== undefined && !before.moved
  const link = intended(wanted, { ...before.link!, up: before.link!.up && !moves })
  const drops = moves || (before.link!.up && !link.up)
  const lost = drops || losesIpv6(wanted)
  return {
    ...before,
    link,
    moved: before.moved || moves,
    bridge: before.link!.master === null ? withPort(before.bridge, link.mac) : before.bridge,
    addresses: lost ? [] : before.addresses,
    routes: before.routes.filter(([family]) => !drops && !(lost && family === '-6')),
    loopback: before.loopback === null ? null : before.loopback || link.up,
    sysctls: moves ? {} : losesIpv6(wanted) ? withoutIpv6(before.sysctls) : before.sysctls,
    ...(before.stacked && { stacked: stackedAfter(before.stacked, wanted.link, link.mtu) }),
  }
}

/** A bridge without a mac of its own takes the lowest one of its ports. */
function withPort(bridge: State['bridge'], port: string): State['bridge'] {
  if (bridge === null || bridge.fixed === true) return bridge
  return { ...bridge, mac: [bridge.otherMac ?? port, port].toSorted()[0]! }
}

const withoutIpv6 = (sysctls: State['sysctls']): State['sysctls'] =>
  Object.fromEntries(Object.entries(sysctls).filter(([key]) => !key.startsWith('net/ipv6/')))

/** The commands from what is now to what was before. */
export function wayBack(wanted: Input, before: State, now: State): readonly Command[] {
  if (before.link === null || now.link === null) return []
  const moves = now.moved && !before.moved
  const [home, here] = [before, now].map(({ moved }) => (moved ? wanted.moveTo : wanted.netns))
  const is = moves ? { ...now.link, up: false, master: null } : now.link
  const words = difference(wanted, is, before.link)
  const move = ip(here, 'link', 'set', 'dev', wanted.link, 'netns', home ?? HOST_NETNS, ...words)
  const left = moves ? nothing : now
  return [
    ...(moves ? [move] : set(here, wanted.link, words)),
    ...(changesStacked(wanted) ? stackedBack(wanted, before.stacked ?? [], before.link.mtu, now.stacked ?? []) : []),
    ...bridgeBack(wanted, before, now),
    ...loopbackBack(wanted, before, now),
    ...(words.includes('down')
      ? putBack(wanted, home, withThose(before, now), { ...left, addresses: [] })
      : putBack(wanted, home, before, left)),
  ]
}

function bridgeBack(wanted: Input, before: State, now: State): readonly Command[] {
  const [was, is] = [before.bridge, now.bridge]
  if (wanted.master === undefined || was === null || is === null || before.link?.master !== null) return []
  const released = { mac: is.otherMac, mtu: is.otherMtu ?? 1500 }
  const address = was.mac === '' || is.mac === was.mac || released.mac === was.mac ? [] : ['address', was.mac]
  // of 0 it is not known, and follows the ports by itself
  const bytes = [is.mtu, released.mtu, 0].includes(was.mtu) ? [] : ['mtu', `${was.mtu}`]
  return set(target(wanted), wanted.master, [...address, ...bytes])
}

/** Setting the loopback device down leaves the address that setting it up gave it. */
function loopbackBack({ netns, link, state }: Input, before: State, now: State): readonly Command[] {
  const isNew = state === 'up' && before.link?.up === false && before.loopback === false && now.loopback === true
  return isNew ? [ip(netns, 'address', 'delete', '127.0.0.1/8', 'dev', link)] : []
}

/** Adds what the kernel dropped. */
function putBack(
  { link }: Input,
  netns: string | undefined,
  before: State,
  left: Pick<State, 'addresses' | 'routes' | 'sysctls'>,
): readonly Command[] {
  const sysctls = Object.entries(before.sysctls).filter(([key, value]) => left.sysctls[key] !== value)
  const sysctl = ['sysctl', '-q', '-w', ...sysctls.map(([key, value]) => `${key}=${value}`)]
  return [
    ...(sysctls.length === 0 ? [] : [{ argv: inNetns(netns, sysctl) }]),
    ...gone(before.addresses, left.addresses).map((words) => ip(netns, 'address', 'replace', ...words, 'dev', link)),
    ...goneRoutes(before.routes, left.routes).map(([family, ...words]) => ip(netns, family!, 'route', 'add', ...words)),
  ]
}

/** Setting a link down drops also the addresses that others gave it since. */
const withThose = (before: State, now: State): State => ({
  ...before,
  addresses: [...before.addresses, ...gone(now.addresses, before.addresses)],
})
