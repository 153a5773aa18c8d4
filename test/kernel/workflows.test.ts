import { describe, expect, test } from 'vitest'
import { users } from '../support/users.ts'
import { settle } from '../../core/wait.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { answers, dropsForwarded, livesThrough, outside, type Shipped } from '../support/shipped.ts'

const router: Shipped = {
  name: 'router',
  args: [],
  during: async (world, run) => {
    expect(await seenIn(world, 'lan-b', 'lan-a', '10.1.2.2')).toBe('10.1.1.2')
    expect(await ttlOf(world, 'lan-a', '10.1.2.2')).toBe(63)
    await world.sh('ip netns exec router sysctl -q -w net.ipv4.ip_forward=0')
    expect(await answers(world, 'ip netns exec lan-a', '10.1.2.2')).toBe(false)
    expect(await world.nsnet('verify', run)).toMatchObject({ exitCode: 2 })
    expect(await world.nsnet('repair', run)).toMatchObject({ exitCode: 0 })
  },
}

const bridgeLab: Shipped = {
  name: 'bridge-lab',
  args: ['--set', 'count=4'],
  during: async (world) => {
    const ports = JSON.parse(await world.sh('ip -json link show master br-lab')) as readonly { ifname: string }[]
    expect(ports.map(({ ifname }) => ifname).toSorted()).toEqual([1, 2, 3, 4].map((number) => `br-lab-${number}`))
    expect(await ttlOf(world, 'lab1', '10.2.0.4')).toBe(64)
    expect(await ttlOf(world, 'lab4', '203.0.113.10')).toBe(63)
    expect(await seenIn(world, undefined, 'lab2', '203.0.113.10')).toBe('198.51.100.2')
  },
}

const nat66: Shipped = {
  name: 'dual-stack',
  args: [],
  during: async (world) => {
    expect(await seenIn(world, undefined, 'dual', '203.0.113.10')).toBe('198.51.100.2')
    expect(await seenIn(world, undefined, 'dual', '2001:db8:113::10')).toBe('2001:db8:51::2')
  },
}

const routed: Shipped = {
  name: 'dual-stack',
  args: ['--set', 'ipv6=routed', '--set', 'prefix6=2001:db8:66::/64'],
  during: async (world) => {
    expect(await seenIn(world, undefined, 'dual', '203.0.113.10')).toBe('198.51.100.2')
    expect(await seenIn(world, undefined, 'dual', '2001:db8:113::10')).toBe('2001:db8:66::2')
    expect(await answers(world, outside, '2001:db8:66::2')).toBe(true)
  },
}

describe.each(users)('%s', (_, open) => {
  test('two LANs reach each other by a router, with their own addresses', async () => {
    await livesThrough(await open(), router)
  })

  test('namespaces on a bridge reach each other, and the internet by the address of the host', async () => {
    const world = await open()
    await dropsForwarded(world)
    await livesThrough(world, bridgeLab)
  })

  test('a namespace has IPv4 and IPv6, behind the addresses of the host or by a prefix of its own', async () => {
    const world = await open()
    await dropsForwarded(world)
    await livesThrough(world, nat66)
    await world.sh(`${outside} ip -6 route add 2001:db8:66::/64 via 2001:db8:51::2`)
    await livesThrough(world, routed)
  })
})

test('the internet of the sandbox can ask whether its neighbours are still there', async () => {
  const world = await sandboxed()
  await world.sh('ping -6 -c 1 2001:db8:113::10')
  await world.sh(`${outside} ip neigh change 2001:db8:51::2 dev eth0 nud probe`)
  const state = () => world.sh(`${outside} ip neigh show 2001:db8:51::2 dev eth0`)
  expect(await settle(state, (text) => /REACHABLE|FAILED/.test(text), 10_000)).toContain('REACHABLE')
})

/** Sends a ping from one netns, and gives the source address that a counter of the kernel sees in another or outside. */
async function seenIn(world: Sandboxed, to: string | undefined, from: string, address: string): Promise<string> {
  const enter = to === undefined ? outside : `ip netns exec ${to}`
  const family = address.includes(':') ? 'ip6' : 'ip'
  const echo = family === 'ip6' ? 'icmpv6 type echo-request' : 'icmp type echo-request'
  const ruleset = `table ${family} seen {
    set sources { type ${family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr'}; flags dynamic; }
    chain input { type filter hook input priority filter; ${echo} update @sources { ${family} saddr }; }
  }`
  expect(await world.exec({ argv: [...enter.split(' '), 'nft', '-f', '-'], stdin: ruleset })).toMatchObject({
    exitCode: 0,
  })
  expect(await answers(world, `ip netns exec ${from}`, address)).toBe(true)
  const told = await world.sh(`${enter} nft list set ${family} seen sources`)
  await world.sh(`${enter} nft delete table ${family} seen`)
  return /elements = \{ ([\da-f.:]+) \}/.exec(told)?.[1] ?? told
}

/** How many hops a packet of the answer may still go: each router on its way takes one. */
async function ttlOf({ sh }: Sandboxed, from: string, address: string): Promise<number> {
  return Number(/ttl=(\d+)/.exec(await sh(`ip netns exec ${from} ping -n -c 1 -W 1 ${address}`))?.[1])
}
