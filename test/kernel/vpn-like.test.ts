import { expect, test } from 'vitest'
import { users } from '../support/users.ts'
import type { Sandboxed } from '../support/sandbox.ts'
import { answers, livesThrough } from '../support/shipped.ts'

const inVault = 'ip netns exec vault'
const internet = '203.0.113.10'

/** How somebody, or a crash, takes the tunnel away. */
const losses = [
  'ip -n vault link set dev tunnel down',
  'ip -n vault link delete tunnel',
  'ip -n provider link delete tunnel',
]

test.each(users)(
  'for %s, nothing leaves a namespace but by the tunnel, and a repair brings the tunnel back',
  async (user, open) => {
    const world = await open()
    await livesThrough(world, {
      name: 'vpn-like',
      args: [],
      during: async (_world, run) => {
        await watch(world)
        expect(await answers(world, inVault, internet)).toBe(true)
        expect((await seen(world)).tunnel).toBeGreaterThan(0)
        for (const loss of user === 'an ordinary user' ? losses.slice(2) : losses.slice(0, 2))
          await isSafeWithout(world, run, loss)
        await world.sh(`${inVault} nft delete table inet nothing-leaks`)
        await answers(world, inVault, `-I eth0 ${internet}`)
        expect((await seen(world)).past).toBeGreaterThan(0)
        expect((await world.nsnet('verify', run)).stdout).toMatch(/~ drifted +nothing-leaks/)
        expect(await world.nsnet('repair', run)).toMatchObject({ exitCode: 0 })
        await world.sh('ip netns exec provider nft delete table netdev watch')
      },
    })
  },
)

/** Takes the tunnel away, and shows that nothing of a ping gets out, that nsnet tells of it, and how it is put right. */
async function isSafeWithout(world: Sandboxed, run: string, loss: string): Promise<void> {
  await world.sh(loss)
  expect(await linksOf(world)).toEqual(loss.includes('vault link delete') ? ['eth0', 'lo'] : ['eth0', 'lo', 'tunnel'])
  expect({ loss, answers: await answers(world, inVault, internet) }).toEqual({ loss, answers: false })
  expect(await answers(world, inVault, `-I eth0 ${internet}`)).toBe(false)
  await world.sh('ip -n vault route add default via 10.8.1.1 dev eth0 metric 1')
  await world.sh('ip -n vault -6 route add default dev eth0')
  for (const to of [internet, '2001:db8:113::10', `-I eth0 ${internet}`])
    expect({ loss, to, answers: await answers(world, inVault, to) }).toEqual({ loss, to, answers: false })
  expect({ loss, ...(await seen(world)) }).toMatchObject({ loss, past: 0 })
  await world.sh('ip -n vault route delete default metric 1')
  await world.sh('ip -n vault -6 route delete default dev eth0')
  const { exitCode, stdout } = await world.nsnet('verify', run)
  expect({ loss, exitCode, stdout }).toMatchObject({
    exitCode: 2,
    stdout: expect.stringMatching(/~ drifted +by-the-tu/),
  })
  const repaired = await world.nsnet('repair', run)
  expect({ loss, ...repaired }).toMatchObject({ exitCode: 0 })
  expect(await answers(world, inVault, internet)).toBe(true)
}

/**
 * Counts at the other end of the cable what comes in, before anything else sees it: what is of the tunnel, what asks for the
 * mac of the tunnel's other end, and what is neither.
 */
async function watch({ exec }: Sandboxed): Promise<void> {
  const stdin = `table netdev watch {
    counter tunnel { }
    counter past { }
    chain ingress {
      type filter hook ingress device "to-client" priority 0;
      ip daddr 10.8.1.1 udp dport 4789 counter name tunnel accept
      ether type arp arp daddr ip 10.8.1.1 accept
      counter name past
    }
  }`
  const argv = 'ip netns exec provider nft -f -'.split(' ')
  expect(await exec({ argv, stdin })).toMatchObject({ exitCode: 0, stderr: '' })
}

async function seen({ sh }: Sandboxed): Promise<{ readonly tunnel: number; readonly past: number }> {
  const { nftables } = JSON.parse(await sh('ip netns exec provider nft -j list table netdev watch')) as {
    nftables: readonly { counter?: { name: string; packets: number } }[]
  }
  const packets = (name: string): number => nftables.find(({ counter }) => counter?.name === name)!.counter!.packets
  return { tunnel: packets('tunnel'), past: packets('past') }
}

const linksOf = async ({ sh }: Sandboxed): Promise<readonly string[]> =>
  (JSON.parse(await sh('ip -n vault -json link show')) as { ifname: string }[]).map(({ ifname }) => ifname).toSorted()
