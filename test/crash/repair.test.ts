import { expect, test } from 'vitest'
import { sandboxed } from '../support/sandbox.ts'
import { boundariesOf, disturb, faultsOf, newState, stageOf } from './trial.ts'

/** `npm run test:crash` tries every boundary with every way to go on, the ordinary suite each 17th of these trials. */
const stride = process.env['NSNET_CRASH'] === undefined ? 17 : 1

const workflow = 'test/crash/short.json'

/** What others do to the workflow `short`: some of it changed, some of it gone. */
const disturbances = [
  'ip address delete 10.1.0.1/24 dev to-blue; sysctl -qw net.ipv4.ip_forward=0; iptables -t nat -F POSTROUTING',
  'ip netns delete blue; while ip link show to-blue >/dev/null 2>&1; do sleep 0.01; done',
]

test(
  'a repair, killed at its boundaries, is finished to the whole, and the run is undone exactly',
  { timeout: 3_600_000 },
  async () => {
    const world = await sandboxed()
    const stage = await stageOf(world, workflow)
    for (const sh of disturbances) {
      const state = newState()
      await boundariesOf(world, state, { verb: 'run' }, workflow)
      await disturb(world, { sh })
      const boundaries = await boundariesOf(world, state, { verb: 'repair' }, workflow)
      await boundariesOf(world, state, { verb: 'undo' }, workflow)
      expect(boundaries.length).toBeGreaterThan(10)
      const trials = boundaries.flatMap((boundary, at) =>
        (['repair', 'undo'] as const).map((then) => ({ boundary, killAt: at + 1, then })),
      )
      for (const { boundary, killAt, then } of trials.filter((_, at) => at % stride === 0)) {
        const acts = [{ verb: 'run' }, { sh }, { verb: 'repair', killAt }] as const
        expect({ sh, boundary, then, faults: await faultsOf(stage, acts, then) }).toEqual({
          sh,
          boundary,
          then,
          faults: [],
        })
      }
    }
  },
)
