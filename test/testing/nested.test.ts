import { expect, onTestFinished, test } from 'vitest'
import { killedAndResumed, killedAndUndone } from '../../testing/kills.ts'
import { nsnetWith } from '../../testing/nsnet.ts'
import { pictureOf } from '../../testing/picture.ts'
import { OWN } from '../../library/sandbox/world.ts'
import { openWorld } from '../../testing/sandbox.ts'

const inner = {
  name: 'inner',
  inputs: { netns: { type: 'string' } },
  steps: [
    { id: 'made', uses: 'netns', with: { netns: '${{ inputs.netns }}' } },
    { id: 'low', uses: 'link', with: { link: 'lo', netns: '${{ inputs.netns }}', mtu: 1400 } },
  ],
  outputs: { name: '${{ steps.made.outputs.netns }}' },
}

const steps = [
  { uses: 'workflow', with: { file: '../inner.json', inputs: { netns: 'ns1' } } },
  { uses: 'addr', with: { link: 'lo', netns: "${{ steps['stage-0'].outputs.name }}", address: '10.9.0.1/32' } },
]

/** A change for each of its steps, and one for the address. */
const counts = { apply: 3, undo: 3 }

test('the steps of another workflow file are killed, resumed, run twice and undone as those of one', async () => {
  const { exec, look, close } = await openWorld()
  onTestFinished(close)
  const see = () => pictureOf(look, [])
  const nsnet = () => nsnetWith(exec, steps, undefined, [])
  await exec({ argv: ['tee', `${OWN}/inner.json`], stdin: JSON.stringify(inner) })
  const before = await see()
  const first = await nsnet()
  expect(await first.act('run')).toMatchObject({ exitCode: 0 })
  const whole = await see()
  expect(whole.netns['ns1']!['addresses']).toMatchObject([{ mtu: 1400, addr_info: [{ local: '10.9.0.1' }] }])
  expect(await first.act('undo')).toMatchObject({ exitCode: 0 })
  const site = { nsnet, see, before, whole }
  await killedAndUndone(site, counts)
  await killedAndResumed(site, counts)
})
