import { expect, test } from 'vitest'
import { privateKernel } from '../support/kernel.ts'
import { users } from '../support/users.ts'
import type { Sandboxed } from '../support/sandbox.ts'
import { livesThrough } from '../support/shipped.ts'

const inNetns = 'ip netns exec chaos'

test.each(users)('for %s, a netns has internet access at a limited rate', async (_, open) => {
  await livesThrough(await open(), {
    name: 'chaos',
    args: [],
    during: async (world) => {
      expect(await qdiscs(world)).toEqual(['tbf', 'tbf'])
      // 32 kB of 60 go at once, the rest at 2 Mbit/s there and at 10 Mbit/s back: 112 ms and 22 ms
      expect(await roundTripOf(world, 60_000)).toBeGreaterThan(100)
    },
  })
})

test('where the kernel has netem, packets are delayed and lost too', async ({ skip }) => {
  const [, open] = users[0]!
  const { exec } = await privateKernel()
  const { exitCode } = await exec({ argv: 'tc qdisc add dev lo root netem delay 1ms'.split(' ') })
  skip(exitCode !== 0, 'this kernel has no netem')
  await livesThrough(await open(), {
    name: 'chaos',
    args: ['--set', 'netem=true', '--set', 'loss=0'],
    during: async (world) => {
      expect(await qdiscs(world)).toEqual(['tbf', 'netem'])
      expect(await roundTripOf(world, 56)).toBeGreaterThan(45)
    },
  })
})

async function qdiscs({ sh }: Sandboxed): Promise<readonly string[]> {
  const lists = [
    await sh('tc -json qdisc show dev to-chaos root'),
    await sh('tc -n chaos -json qdisc show dev eth0 root'),
  ]
  return lists.map((list) => (JSON.parse(list) as readonly { kind: string }[])[0]!.kind)
}

/** Milliseconds that a ping of so many bytes takes there and back. */
async function roundTripOf({ sh }: Sandboxed, bytes: number): Promise<number> {
  return Number(/time=([\d.]+)/.exec(await sh(`${inNetns} ping -n -c 1 -W 3 -s ${bytes} 203.0.113.10`))?.[1])
}
