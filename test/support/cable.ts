import { settle } from '../../core/wait.ts'
import type { Kernel } from './kernel.ts'

/** Makes netns `ns1` and a cable to it, from `a` to `b`; both ends have a carrier when they are `up`, and no address. */
export async function cable({ sh }: Kernel, state: 'up' | 'down'): Promise<void> {
  await sh('ip netns add ns1')
  await sh('ip link add name a type veth peer name b netns ns1')
  if (state === 'down') return
  for (const link of ['ip link set dev a', 'ip -n ns1 link set dev b']) {
    await sh(`${link} addrgenmode none`)
    await sh(`${link} up`)
  }
  for (const show of ['ip link show dev a', 'ip -n ns1 link show dev b'])
    await settle(
      () => sh(show),
      (text) => text.includes('state UP'),
      5_000,
    )
}
